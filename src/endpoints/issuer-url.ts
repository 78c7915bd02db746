import type { Deps } from "../deps.ts";

/** The issuer identifier (RFC 8414 §2): the setting, or else the origin that a request came to. */
export function issuerUrlOf(request: Request, { issuerUrl }: Pick<Deps, "issuerUrl">): string {
  return issuerUrl ?? new URL(request.url).origin;
}
