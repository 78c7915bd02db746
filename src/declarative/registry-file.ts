import * as z from "zod/mini";
import { checked, clientContradictions, userContradictions } from "../admin/entries.ts";
import {
  type ClientEntry,
  clientSchema,
  secretSchema,
  type UserEntry,
  userSchema,
} from "../admin/entry-schemas.ts";
import { readExactJson } from "../admin/exact-json.ts";
import { onDemand } from "../admin/on-demand.ts";
import { invalid, ManagementError } from "../errors/management-error.ts";
import { substituteVariables, type Variables } from "./file-variables.ts";

/** Most clients, and most users, in one file. More belongs into an import. */
const ENTRIES_MAX = 10_000;

/** A secret that counts only when `apply` creates the client or user. */
const initial = () => z.optional(secretSchema());

const registryFile = onDemand(() => {
  const client = z.extend(clientSchema(), { initial_secret: initial() });
  const user = z.extend(userSchema(), { initial_password: initial() });
  return z.strictObject({
    clients: z.optional(z.array(client).check(z.maxLength(ENTRIES_MAX))),
    users: z.optional(z.array(user).check(z.maxLength(ENTRIES_MAX))),
  });
});

/** A client as a file names it. */
export type FileClient = ClientEntry & { readonly initial_secret?: string | undefined };

/** A user as a file names it. */
export type FileUser = UserEntry & { readonly initial_password?: string | undefined };

/** Names of the fields that an entry has. `apply` leaves the others as they are. */
export type NamedFields = ReadonlySet<string>;

/** The clients and users that a file asks for. */
export interface RegistryFile {
  readonly clients: readonly FileClient[];
  readonly users: readonly FileUser[];
  /** Which of the two lists the file has: of the other it says nothing. */
  readonly has: { readonly clients: boolean; readonly users: boolean };
  /** For each entry, by its index. */
  readonly named: {
    readonly clients: readonly NamedFields[];
    readonly users: readonly NamedFields[];
  };
}

/**
 * Reads a file of clients and users.
 *
 * @param text JSON, with `${NAME}` in a string for the variable of that name, and null for the
 *   default of a field
 * @throws ManagementError `invalid` with every problem found
 */
export function parseRegistryFile(text: string, variables: Variables = {}): RegistryFile {
  const json = substituteVariables(parseJson(text), variables);
  const { clients, users } = checked(registryFile().safeParse(withoutNulls(json)));
  const file: RegistryFile = {
    clients: clients ?? [],
    users: users ?? [],
    has: { clients: clients !== undefined, users: users !== undefined },
    named: { clients: namedIn(json, "clients"), users: namedIn(json, "users") },
  };
  const problems = [
    ...repeats("clients", "client_id", file.clients),
    ...repeats("users", "username", file.users),
    ...repeats("users", "id", file.users),
    ...at("clients", file.clients, clientContradictions),
    ...at("users", file.users, userContradictions),
  ];
  if (problems.length > 0) throw invalid(...problems);
  return file;
}

/** The file as its schema wants it: a field that is null is left out, and so has its default. */
function withoutNulls(json: unknown): unknown {
  if (!isObject(json)) return json;
  const lists = Object.entries(json).map(([list, entries]) => {
    return [list, Array.isArray(entries) ? entries.map(withoutNullFields) : entries];
  });
  return Object.fromEntries(lists);
}

function withoutNullFields(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null));
}

/** Only for a file that its schema has accepted. */
function namedIn(json: unknown, list: "clients" | "users"): NamedFields[] {
  const entries = isObject(json) ? json[list] : undefined;
  return Array.isArray(entries) ? entries.map((entry) => new Set(Object.keys(entry))) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return readExactJson(text);
  } catch (error) {
    if (error instanceof ManagementError) throw error;
    throw invalid(`${placeOfMistake(text)}: not valid JSON`);
  }
}

/**
 * V8 says only sometimes where it stopped, and quotes the text around, which may be a secret. So
 * the place is sought: after the longest part from the start that more text could still make JSON.
 */
function placeOfMistake(text: string): string {
  let [longest, tooLong] = [0, text.length + 1];
  while (tooLong - longest > 1) {
    const middle = Math.floor((longest + tooLong) / 2);
    if (isStartOfJson(text.slice(0, middle))) longest = middle;
    else tooLong = middle;
  }
  const lines = text.slice(0, longest).split("\n");
  return `line ${lines.length} column ${(lines.at(-1) ?? "").length + 1}`;
}

function isStartOfJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const isAtEnd = position !== undefined && Number(position) >= text.length;
    return isAtEnd || /end of JSON input|Unterminated string/.test(String(error));
  }
}

function repeats<Field extends string>(
  list: string,
  field: Field,
  entries: readonly { readonly [name in Field]?: string | undefined }[],
): string[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const name = entry[field];
    if (name === undefined || !seen.has(name)) {
      if (name !== undefined) seen.add(name);
      return [];
    }
    return [`${list}[${index}].${field}: stands twice`];
  });
}

function at<Entry>(
  list: string,
  entries: readonly Entry[],
  problemsOf: (entry: Entry) => string[],
): string[] {
  return entries.flatMap((entry, index) => {
    return problemsOf(entry).map((problem) => `${list}[${index}].${problem}`);
  });
}
