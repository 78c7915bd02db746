import { ManagementError } from "../errors/management-error.ts";
import type { ClientRow } from "../storage/clients.ts";
import { RegistryConflict, type RegistryWrite } from "../storage/registry.ts";
import type { AdminDeps } from "./deps.ts";

/** How often a change is tried when somebody else changes the same row. */
const TRIES_MAX = 3;

/**
 * Changes a client by what it is now, and decides anew when it was changed meanwhile.
 *
 * @throws ManagementError `not_found`, or `changed` when it never stays the same
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

/** The {@link ManagementError} of a client that is not there. */
export function notFound(clientId: string): ManagementError {
  return new ManagementError("not_found", { kind: "client", name: clientId });
}
