import type { ClientColumns, ClientRow } from "../clients/client.ts";
import type { RegistryWrite } from "../storage/registry.ts";

/**
 * The write that changes columns of a client, or null when nothing differs. It expects the whole
 * row as it was read, because the columns depend on each other.
 */
export function updateOfClient(row: ClientRow, wanted: ClientColumns): RegistryWrite | null {
  const fields = changedFields(wanted, row);
  if (fields === null) return null;
  const { client_id: clientId, not_before_ms: _, created_at_ms: __, ...expected } = row;
  return {
    kind: "update_client",
    clientId,
    fields,
    expected,
    endsSessions: fields.disabled === 1,
  };
}

/** @returns the fields that differ from the row, or null when nothing differs */
export function changedFields<Fields extends object>(
  wanted: Fields,
  row: Fields,
): Partial<Fields> | null {
  const changed = Object.entries(wanted).filter(([field, value]) => {
    return row[field as keyof Fields] !== value;
  });
  return changed.length === 0 ? null : (Object.fromEntries(changed) as Partial<Fields>);
}
