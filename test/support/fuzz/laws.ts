import type { Shot } from "./shot.ts";

/** A response, read to its end. */
interface FuzzAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What holds of every response: says what is wrong, or nothing. */
type Law = (answer: FuzzAnswer, shot: Shot, canary: string) => string | false | undefined;

/** RFC 6749 §5.2. */
const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/;

/** Where a response that succeeded may be kept. */
const KEPT = /^\/+$|jwks\.json|oauth-authorization-server/;

const LAWS: readonly Law[] = [
  ({ status }) => status >= 500 && `has status ${status}`,
  ({ headers }) => headers.has("Set-Cookie") && "sets a cookie",
  ({ headers }) => headers.has("ETag") && "has an ETag",
  isNotKept,
  isTyped,
  isError,
  echoesNothing,
];

/** Every law that a response breaks. */
export function breaches(answer: FuzzAnswer, shot: Shot, canary: string): string[] {
  return LAWS.map((law) => law(answer, shot, canary)).filter(
    (broken) => typeof broken === "string",
  );
}

function isNotKept({ status, headers }: FuzzAnswer, { path }: Shot) {
  if (status === 200 && KEPT.test(pathOf(path))) return;
  const isKept = headers.get("Cache-Control") !== "no-store";
  return (isKept || headers.get("Pragma") !== "no-cache") && "may be kept";
}

function isTyped({ status, headers, text }: FuzzAnswer, { method, path }: Shot) {
  const type = headers.get("Content-Type");
  if (method === "HEAD") return text !== "" && "has a body";
  if (text === "") return type !== null && `is empty and of ${type}`;
  if (isPage(headers)) return !mayBePage(status, path) && "is a page";
  const isAdmin = pathOf(path).startsWith("/admin/");
  const isJson = type === "application/json" || (isAdmin && type === "application/problem+json");
  if (!isJson) return `is of ${type}`;
  return parse(text) === undefined && "is not JSON";
}

function isError({ status, headers, text }: FuzzAnswer) {
  if (status < 400 || text === "" || isPage(headers)) return;
  if (headers.get("Content-Type") === "application/problem+json") return isProblem(status, text);
  const { error, error_description: description = "", ...more } = Object(parse(text));
  const isOne = typeof error === "string" && /^[a-z_]+$/.test(error);
  if (!isOne || Object.keys(more).length > 0) return "is not an error of RFC 6749";
  return !DESCRIPTION.test(description) && "has a foreign character in its description";
}

function isPage(headers: Headers): boolean {
  return headers.get("Content-Type") === "text/html; charset=utf-8";
}

/** Browsers get pages at `/` and at unknown paths. A wrong method is answered in JSON everywhere. */
function mayBePage(status: number, path: string): boolean {
  return status === 404 || (status !== 405 && /^\/+$/.test(pathOf(path)));
}

/** RFC 9457. */
function isProblem(status: number, text: string) {
  const { type, title, status: said, detail = "", problems = [], ...more } = Object(parse(text));
  const isOne = typeof type === "string" && typeof title === "string" && said === status;
  if (!isOne || Object.keys(more).length > 0) return "is not a problem of RFC 9457";
  const isText = DESCRIPTION.test(detail) && Array.isArray(problems);
  return !isText && "has odd details";
}

/** The management API shows what is kept there; every refusal of it shows nothing all the same. */
function echoesNothing({ status, headers, text }: FuzzAnswer, { path }: Shot, canary: string) {
  if (status < 300 && pathOf(path).startsWith("/admin/")) return;
  // A preflight names the headers that it was asked for.
  const told = [...headers].filter(([name]) => name !== "access-control-allow-headers");
  const all = `${told.flat().join("\n")}\n${text}`;
  return all.toLowerCase().includes(canary) && "echoes what it was sent";
}

/** The path as it reached the service. */
function pathOf(path: string): string {
  return new URL(`https://login.example.com${path}`).pathname;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
