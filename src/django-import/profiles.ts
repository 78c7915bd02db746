import { userSchema } from "../admin/entry-schemas.ts";
import { type DumpRecord, textOf } from "./dump-record.ts";

/** Whose e-mail addresses are verified: everyone's, no one's, or by a field of the user. */
export type EmailVerified = boolean | { readonly field: string };

/** The fields of Django's own user model that profiles have, besides the user name. */
export const PROFILE_SOURCES = ["first_name", "last_name", "email"] as const;

/** The profile of a Django user as JSON, and remarks for the report. */
export interface MappedProfile {
  readonly profile: string;
  readonly remarks: readonly string[];
}

/**
 * Reads the profile of a user. Invalid values are skipped: they must not cost the user the account.
 *
 * @param username becomes the preferred name, unless it is an e-mail address, which only the scope
 *   `email` may release
 */
export function mapProfile(
  fields: DumpRecord["fields"],
  username: string,
  verified: EmailVerified,
): MappedProfile {
  const [given, family, email] = PROFILE_SOURCES.map((name) => textOf(fields[name]).trim());
  const candidates = {
    name: [given, family].filter(Boolean).join(" "),
    given_name: given,
    family_name: family,
    preferred_username: username.includes("@") ? "" : username,
    email,
  };
  const texts = Object.entries(candidates).filter(([, text]) => text);
  const flag = email && isVerified(fields, verified) ? { email_verified: true } : {};
  const wanted = { ...Object.fromEntries(texts), ...flag };
  const { profile: schema } = userSchema().shape;
  const { success, data, error } = schema.safeParse(wanted);
  if (success) return { profile: JSON.stringify(data), remarks: [] };
  const invalid = new Set(error.issues.map(({ path: [name] }) => String(name)));
  const remarks = [...invalid].map((name) => `profile: skipped an invalid ${name}`);
  if (invalid.has("email")) invalid.add("email_verified");
  const valid = Object.entries(wanted).filter(([name]) => !invalid.has(name));
  return { profile: JSON.stringify(schema.parse(Object.fromEntries(valid))), remarks };
}

/** Django writes a boolean, or the time of the verification. */
function isVerified(fields: DumpRecord["fields"], verified: EmailVerified): boolean {
  if (typeof verified === "boolean") return verified;
  const value = fields[verified.field];
  return value === true || (typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value));
}
