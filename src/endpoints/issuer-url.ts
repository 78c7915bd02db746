import type { Deps } from "../deps.ts";
import { type Paths, pathsUnder } from "./paths.ts";

/** The issuer identifier (RFC 8414 §2): the setting, or else the origin that a request came to. */
export function issuerUrlOf(request: Request, { issuerUrl }: Pick<Deps, "issuerUrl">): string {
  return issuerUrl ?? new URL(request.url).origin;
}

/** The addresses of the endpoints, under the first prefix unless another is given. */
export function endpointUrls(
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
 * What a client may name as the audience of an assertion (RFC 7523 §3 item 3): the issuer, or an
 * endpoint at which it authenticates, under any prefix, with its trailing slash or without. Many
 * libraries take the address that they call. All of them are this one service, so an assertion for
 * one is no use elsewhere.
 */
export function assertionAudiences(
  request: Request,
  deps: Pick<Deps, "issuerUrl" | "pathPrefixes">,
): string[] {
  const endpoints = deps.pathPrefixes.flatMap((prefix) => {
    const { token, revocation, introspection } = endpointUrls(request, deps, prefix);
    return [token, revocation, introspection];
  });
  const withoutSlash = endpoints.map((url) => url.replace(/\/$/, ""));
  return [issuerUrlOf(request, deps), ...endpoints, ...withoutSlash];
}
