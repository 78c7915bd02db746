import { parseAccept } from "hono/utils/accept";
import { errorPage } from "../pages/error-page.ts";
import { PAGE_POLICY } from "../pages/layout.ts";
import { chooseLanguage } from "../pages/page-context.ts";
import type { LogFields, RequestLog } from "../telemetry/request-log.ts";
import { html } from "./respond.ts";

const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": PAGE_POLICY,
  Vary: "Accept, Accept-Language",
};

/**
 * Renders an error as a page, in the language of the browser that opened an address.
 *
 * @returns null to keep JSON
 */
export function asPage(
  request: Request,
  url: URL,
  { status, headers }: Response,
  { fields, requestId }: RequestLog,
): Response | null {
  const isError = status >= 400 && headers.get("Content-Type") === "application/json";
  if (!isError || !isForPeople(url, fields) || !prefersHtml(request)) return null;
  const language = chooseLanguage(undefined, request.headers.get("Accept-Language"));
  const body = request.method === "HEAD" ? null : errorPage(language, status, requestId);
  const own = new Headers(headers);
  for (const [name, value] of Object.entries(PAGE_HEADERS)) own.set(name, value);
  return html(body, status, own);
}

/** Pages are for what a browser opens, and for unknown paths. Other endpoints respond with JSON. */
function isForPeople({ pathname }: URL, { reason, endpoint }: LogFields): boolean {
  if (endpoint === "authorization" || endpoint === "account" || endpoint === "logout") return true;
  if (reason === "method_not_allowed") return false;
  return reason === "unknown_path" || pathname === "/";
}

/**
 * The challenges of a 401, without `Basic` for scripts of the service's own pages: for `Basic`,
 * the browser would open its sign-in dialog instead of letting the page show the error.
 */
export function challengeFor(request: Request, challenge: string): string {
  return isOwnScript(request) ? challenge.replace(/^Basic [^,]*, /, "") : challenge;
}

/** Browsers send `Sec-Fetch-*` only to https and localhost; the page sets the other header. */
function isOwnScript({ headers }: Request): boolean {
  const isFetch = /^(?:cors|same-origin)$/.test(headers.get("Sec-Fetch-Mode") ?? "");
  const isSameOrigin = headers.get("Sec-Fetch-Site") === "same-origin";
  return (isFetch && isSameOrigin) || headers.has("X-Requested-With");
}

/** Whether the caller prefers HTML to JSON. A caller that accepts anything gets JSON. */
export function prefersHtml(request: Request): boolean {
  const ranges = parseAccept(request.headers.get("Accept") ?? "").filter(({ q }) => q > 0);
  const first = ranges.find(({ type }) => /^(?:text\/html|application\/json|\*\/\*)$/i.test(type));
  return first?.type.toLowerCase() === "text/html";
}
