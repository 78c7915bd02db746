import { invalid } from "../errors/management-error.ts";
import type { DjangoModels, DumpRecord } from "./dump-record.ts";
import { gateOf } from "./gates.ts";
import type { UnreadField } from "./unread-fields.ts";

/** Checks whether the dump tells which users may log in. */
export function createUserGateCheck({ user, userGates }: DjangoModels) {
  const found = new Set<string>();
  let first: DumpRecord | null = null;

  /** @throws ManagementError `invalid` when no user has a field that the operator named */
  function requireNamed(record: DumpRecord): void {
    const missing = (userGates ?? []).filter(({ field }) => !found.has(field));
    if (missing.length === 0) return;
    const names = Object.keys(record.fields).sort().join(", ");
    const which = missing.map(({ field }) => field).join(", ");
    const options = "see --active-field and --blocked-field";
    throw invalid(`no ${user} has the field ${which}; ${options}. Its fields: ${names}`);
  }

  return {
    note({ fields }: DumpRecord): void {
      first ??= { model: user, pk: null, fields };
      for (const { field } of [{ field: "is_active" }, ...(userGates ?? [])]) {
        if (Object.hasOwn(fields, field)) found.add(field);
      }
    },

    /**
     * @param unread user fields that are not read
     * @returns warnings
     * @throws ManagementError `invalid` when it is unknown who may log in
     */
    end(unread: readonly UnreadField[]): string[] {
      if (first === null || userGates === null) return [];
      requireNamed(first);
      const closed = unread.filter((field) => field.closed > 0);
      if (found.size > 0) return closed.map(warningOf);
      if (closed.length === 0) {
        return [`no ${user} has the field is_active or a similar one: all are imported as active`];
      }
      throw invalid(...closed.map((field) => refusalOf(user, field)));
    },
  };
}

function refusalOf(user: string, field: UnreadField): string {
  return (
    `no ${user} has the field is_active, and ${field.field} may block ${affected(field)}: ` +
    `use ${optionFor(field)}, or --active-field none if no field blocks users`
  );
}

function warningOf(field: UnreadField): string {
  return (
    `${field.field} may block ${affected(field)} on the old server, but is not read, so they can ` +
    `log in here. If it does, use ${optionFor(field)}`
  );
}

function optionFor({ field }: UnreadField): string {
  const option = gateOf(field)?.sense === "blocked" ? "--blocked-field" : "--active-field";
  return `${option} ${field}`;
}

function affected({ closed, examples }: UnreadField): string {
  const more = closed > examples.length ? ", ..." : "";
  return `${closed} of the users (${examples.join(", ")}${more})`;
}
