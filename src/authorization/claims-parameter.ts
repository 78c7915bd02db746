import { Refusal } from "../errors/refusal.ts";
import { isObject } from "../protocol/json.ts";

/** What the `claims` parameter asks for (OIDC Core §5.5). */
export interface RequestedClaims {
  /** In ID token or userinfo; both follow it alike. */
  readonly names: readonly string[];
  /** The user whom the client expects, or null. */
  readonly subject: string | null;
}

/**
 * Reads the `claims` parameter.
 *
 * @throws Refusal `claims_malformed`
 */
export function readClaimsParameter(text: string): RequestedClaims {
  const request = parseObject(text);
  const members = ["id_token", "userinfo"].map((name) => {
    const member = request[name] ?? {};
    if (!isObject(member)) throw new Refusal("claims_malformed");
    return member;
  });
  const wanted = members[0]?.["sub"];
  const value = isObject(wanted) ? wanted["value"] : undefined;
  return {
    names: [...new Set(members.flatMap((member) => Object.keys(member)))],
    subject: typeof value === "string" ? value : null,
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
  } catch {
    // Not JSON: rejected below.
  }
  throw new Refusal("claims_malformed");
}
