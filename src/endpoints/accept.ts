import { parseAccept } from "hono/utils/accept";

/** Whether the caller prefers HTML to JSON. A caller that accepts anything gets JSON. */
export function prefersHtml(request: Request): boolean {
  const ranges = parseAccept(request.headers.get("Accept") ?? "").filter(({ q }) => q > 0);
  const first = ranges.find(({ type }) => /^(?:text\/html|application\/json|\*\/\*)$/i.test(type));
  return first?.type.toLowerCase() === "text/html";
}
