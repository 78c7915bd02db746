import { invalid } from "../errors/management-error.ts";
import type { DjangoModels, DumpRecord } from "./dump-record.ts";
import { gateOf } from "./gates.ts";
import type { UnreadField } from "./unread-fields.ts";

/** Finds out whether it is known who of a dump's users may log in. */
export function createUserGateCheck({ user, userGates }: DjangoModels) {
  const found = new Set<string>();
  let first: DumpRecord | null = null;

  /** @throws ManagementError `invalid` when a field that the operator named is nowhere */
  function requireNamed(record: DumpRecord): void {
    const missing = (userGates ?? []).filter(({ field }) => !found.has(field));
    if (missing.length === 0) return;
    const names = Object.keys(record.fields).sort().join(", ");
    const which = missing.map(({ field }) => field).join(", ");
    const options = "see --active-field and --blocked-field";
    throw invalid(`no ${user} has the field ${which}; ${options}. There are: ${names}`);
  }

  return {
    note({ fields }: DumpRecord): void {
      first ??= { model: user, pk: null, fields };
      for (const { field } of [{ field: "is_active" }, ...(userGates ?? [])]) {
        if (Object.hasOwn(fields, field)) found.add(field);
      }
    },

    /**
     * @param unread fields of users that are not read
     * @returns warnings
     * @throws ManagementError `invalid` when it is not known who may log in
     */
    end(unread: readonly UnreadField[]): string[] {
      if (first === null || userGates === null) return [];
      requireNamed(first);
      const closed = unread.filter((field) => field.closed > 0);
      if (found.size > 0) return closed.map(warningOf);
      if (closed.length === 0) {
        return [`no ${user} has the field is_active, or one like it: all come over active`];
      }
      throw invalid(...closed.map((field) => refusalOf(user, field)));
    },
  };
}

function refusalOf(user: string, field: UnreadField): string {
  return (
    `no ${user} has the field is_active, and ${field.field} may keep out ${whom(field)}: ` +
    `give ${optionFor(field)}, or --active-field none if no field keeps users out`
  );
}

function warningOf(field: UnreadField): string {
  return (
    `${field.field} may keep out ${whom(field)} there, and is not read: they may log in here. ` +
    `If it does, give ${optionFor(field)}`
  );
}

function optionFor({ field }: UnreadField): string {
  const option = gateOf(field)?.sense === "blocked" ? "--blocked-field" : "--active-field";
  return `${option} ${field}`;
}

function whom({ closed, examples }: UnreadField): string {
  const more = closed > examples.length ? ", ..." : "";
  return `${closed} of the users (${examples.join(", ")}${more})`;
}
