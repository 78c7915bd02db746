/** One field that differs. `from` and `to` are JSON values; undefined means the default. */
export type FieldChange =
  | { readonly field: string; readonly from: unknown; readonly to: unknown }
  /** A secret, whose values are never shown. */
  | { readonly field: string; readonly isSecret: true };

/** The field name to show for the hash of a secret. */
const SECRETS: Readonly<Record<string, string>> = {
  secret_record: "client_secret",
  previous_secret_record: "previous_secret_record",
  password_record: "password",
};

/** Compares two entries of the same client or user, field by field. */
export function fieldChanges(before: object, after: object): readonly FieldChange[] {
  const [old, now] = [before, after].map((entry) => new Map(Object.entries(entry)));
  const fields = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  return [...fields]
    .filter((field) => JSON.stringify(old?.get(field)) !== JSON.stringify(now?.get(field)))
    .map((field) => {
      const secret = SECRETS[field];
      if (secret !== undefined) return { field: secret, isSecret: true };
      return { field, from: old?.get(field), to: now?.get(field) };
    });
}
