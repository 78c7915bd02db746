import { ManagementError } from "../errors/management-error.ts";
import { RegistryConflict, type RegistryWrite } from "../storage/registry.ts";
import type { UserKey, UserRow } from "../storage/users.ts";
import type { AdminDeps } from "./deps.ts";

/** How often a change is retried when the row was changed concurrently. */
const TRIES_MAX = 3;

type UserWrite = Extract<RegistryWrite, { kind: "update_user" | "delete_user" }>;

/**
 * Changes a user, based on the current row. Calls `decide` again after a concurrent change.
 *
 * @throws ManagementError `not_found`, or `changed` when every attempt conflicts
 */
export async function changeUser<Result>(
  key: UserKey,
  deps: AdminDeps,
  decide: (row: UserRow) => Promise<{ write: UserWrite | null; result: Result }>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const row = await findUser(key, deps);
    const { write, result } = await decide(row);
    if (write === null) return result;
    try {
      await deps.registry.write([{ ...write, expected: { ...write.expected, id: row.id } }]);
      return result;
    } catch (error) {
      if (!(error instanceof RegistryConflict)) throw error;
      if (tries === TRIES_MAX) {
        throw new ManagementError("changed", { kind: "user", name: row.username });
      }
    }
  }
}

/** @throws ManagementError `not_found` */
export async function findUser(key: UserKey, { registry }: AdminDeps): Promise<UserRow> {
  const row =
    "id" in key
      ? (await registry.findUsersById([key.id])).get(key.id)
      : (await registry.findUsers([key.username])).get(key.username);
  if (row !== undefined) return row;
  throw new ManagementError("not_found", {
    kind: "user",
    name: "id" in key ? key.id : key.username,
  });
}
