import { errorPage } from "../pages/error-page.ts";
import { PAGE_POLICY } from "../pages/layout.ts";
import type { Facts, RequestRecord } from "../telemetry/record.ts";
import { prefersHtml } from "./accept.ts";
import { html } from "./respond.ts";

const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": PAGE_POLICY,
  Vary: "Accept",
};

/** An error as a page, for a browser that opened an address. @returns null where JSON is right */
export function asPage(
  request: Request,
  { status, headers }: Response,
  { facts, requestId }: RequestRecord,
): Response | null {
  const isError = status >= 400 && headers.get("Content-Type") === "application/json";
  if (!isError || !isForPeople(request, facts) || !prefersHtml(request)) return null;
  const body = request.method === "HEAD" ? null : errorPage(status, requestId);
  const own = new Headers(headers);
  for (const [name, value] of Object.entries(PAGE_HEADERS)) own.set(name, value);
  return html(body, status, own);
}

/** Endpoints answer JSON whatever the caller accepts; pages are for `/` and unknown paths. */
function isForPeople({ url }: Request, { reason }: Facts): boolean {
  if (reason === "method_not_allowed") return false;
  return reason === "unknown_path" || new URL(url).pathname === "/";
}

/**
 * The challenges of a 401, without `Basic` for the script of one of the service's own pages: a
 * browser would open its sign-in box over the page, and the page could not show the error.
 */
export function challengeFor(request: Request, challenge: string): string {
  return isOwnScript(request) ? challenge.replace(/^Basic [^,]*, /, "") : challenge;
}

/** Browsers send `Sec-Fetch-*` to https and to this machine alone; the page sends the other. */
function isOwnScript({ headers }: Request): boolean {
  const isFetch = /^(?:cors|same-origin)$/.test(headers.get("Sec-Fetch-Mode") ?? "");
  const isSameOrigin = headers.get("Sec-Fetch-Site") === "same-origin";
  return (isFetch && isSameOrigin) || headers.has("X-Requested-With");
}
