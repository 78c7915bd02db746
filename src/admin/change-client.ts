import type { ClientRow } from "../clients/client.ts";
import { isUnregistered } from "../clients/policy.ts";
import { invalid, ManagementError } from "../errors/management-error.ts";
import { RegistryConflict, type RegistryWrite } from "../storage/registry.ts";
import type { AdminDeps } from "./deps.ts";

/** How often a change is retried when the row was changed concurrently. */
const TRIES_MAX = 3;

/**
 * Changes a client, based on its current row. Calls `decide` again after a concurrent change.
 *
 * @throws ManagementError `not_found`, or `changed` when every attempt conflicts
 */
export async function changeClient<Result>(
  clientId: string,
  deps: AdminDeps,
  decide: (row: ClientRow) => Promise<{ write: RegistryWrite | null; result: Result }>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const { write, result } = await decide(await findClient(clientId, deps));
    try {
      await deps.registry.write(write === null ? [] : [write]);
      return result;
    } catch (error) {
      if (!(error instanceof RegistryConflict)) throw error;
      if (tries === TRIES_MAX) {
        throw new ManagementError("changed", { kind: "client", name: clientId });
      }
    }
  }
}

/** @throws ManagementError `not_found` */
export async function findClient(clientId: string, { registry }: AdminDeps): Promise<ClientRow> {
  const row = (await registry.findClients([clientId])).get(clientId);
  if (row === undefined) throw notFound(clientId);
  return row;
}

/**
 * Requires a client that an operator registered: others choose their own fields.
 *
 * @throws ManagementError `invalid`
 */
export function requireOperators(row: ClientRow): void {
  if (!isUnregistered(row)) return;
  throw invalid("client_id: no operator registered this client; it can only be disabled");
}

/** The {@link ManagementError} for an unknown client. */
export function notFound(clientId: string): ManagementError {
  return new ManagementError("not_found", { kind: "client", name: clientId });
}
