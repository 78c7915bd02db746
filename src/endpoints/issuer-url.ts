import type { Deps } from "../deps.ts";
import { type Paths, pathsUnder } from "./paths.ts";

/** The issuer identifier (RFC 8414 §2): the setting, or the origin of the request's URL. */
export function issuerUrlOf(request: Request, { issuerUrl }: Pick<Deps, "issuerUrl">): string {
  return issuerUrl ?? new URL(request.url).origin;
}

/** The URLs of the endpoints, by default under the first prefix. */
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
 * Valid audiences of an assertion (RFC 7523 §3 item 3): the issuer, or an endpoint that
 * authenticates clients, under any prefix, with or without a trailing slash. Many libraries use the
 * URL that they call. All identify this service, so an assertion is not valid elsewhere.
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
