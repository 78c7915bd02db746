import type { Deps } from "../deps.ts";
import { type Paths, pathsUnder } from "./paths.ts";

/** The issuer identifier (RFC 8414 §2): the setting, or else the origin that a request came to. */
export function issuerUrlOf(request: Request, { issuerUrl }: Pick<Deps, "issuerUrl">): string {
  return issuerUrl ?? new URL(request.url).origin;
}

/** The addresses of the endpoints, under the first prefix unless another is given. */
export function urlsOf(
  request: Request,
  deps: Pick<Deps, "issuerUrl" | "pathPrefixes">,
  prefix: string = deps.pathPrefixes[0] ?? "",
): Paths {
  // An issuer with a path has its endpoints at the origin, under one of the prefixes.
  const { origin } = new URL(issuerUrlOf(request, deps));
  const paths = Object.entries(pathsUnder(prefix)).map(([name, path]) => [name, origin + path]);
  return Object.fromEntries(paths);
}

/**
 * What a client assertion may be for (RFC 7523 §3): the issuer, or a token endpoint, under any
 * prefix. Libraries take the address that they call, with the slash or without.
 */
export function assertionAudiences(
  request: Request,
  deps: Pick<Deps, "issuerUrl" | "pathPrefixes">,
): string[] {
  const tokenUrls = deps.pathPrefixes.map((prefix) => urlsOf(request, deps, prefix).token);
  const withoutSlash = tokenUrls.map((url) => url.replace(/\/$/, ""));
  return [issuerUrlOf(request, deps), ...tokenUrls, ...withoutSlash];
}
