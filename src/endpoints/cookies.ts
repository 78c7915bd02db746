import type { RequestContext } from "./request-context.ts";

/** The cookies of the pages. */
export type CookieName = "browser" | "session";

/** A year and a little: browsers keep no cookie longer. */
const BROWSER_SECONDS = 34_560_000;

/**
 * The name of a cookie. With `__Host-` a browser accepts it only from this host itself, over https,
 * so that no other host of the domain can set it. Over http, in development, that is not possible.
 */
function nameOf(name: CookieName, { protocol }: URL): string {
  return `${protocol === "https:" ? "__Host-" : ""}tollgate-${name}`;
}

/** Reads a cookie. @returns null if there is none */
export function readCookie({ request, url }: RequestContext, name: CookieName): string | null {
  const prefix = `${nameOf(name, url)}=`;
  const pairs = (request.headers.get("Cookie") ?? "").split(/; */);
  const value = pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
  return value === undefined || value === "" ? null : value;
}

/**
 * Writes a cookie. `Lax`: browsers send it when a link of another site opens a page, and not with
 * forms of another site.
 *
 * @param seconds how long the browser keeps it; null: until it is closed; 0: it is removed
 * @returns the value of a `Set-Cookie` header
 */
export function writeCookie(
  { url }: RequestContext,
  name: CookieName,
  value: string,
  seconds: number | null = BROWSER_SECONDS,
): string {
  const age = seconds === null ? "" : `; Max-Age=${seconds}`;
  const secure = url.protocol === "https:" ? "; Secure" : "";
  return `${nameOf(name, url)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`;
}
