import { clientFieldRows } from "../../src/clients/metadata.ts";

/** Fields that `apply` leaves as they are where an entry does not name them. Null: the default. */
const CLIENT_DEFAULTS = Object.fromEntries(clientFieldRows().map(([name]) => [name, null]));

const USER_DEFAULTS = { claims: null, is_active: null };

/** Names every field, so that an earlier test of the same state leaves nothing behind. */
export function wholeEntries({
  clients,
  users,
}: {
  readonly clients?: readonly object[];
  readonly users?: readonly object[];
}): object {
  return {
    ...(clients && { clients: clients.map((one) => ({ ...CLIENT_DEFAULTS, ...one })) }),
    ...(users && { users: users.map((one) => ({ ...USER_DEFAULTS, ...one })) }),
  };
}
