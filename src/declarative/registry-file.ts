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
import { isObject } from "../protocol/json.ts";
import { substituteVariables, type Variables } from "./file-variables.ts";

/** Maximum clients, and maximum users, of a file. */
const ENTRIES_MAX = 10_000;

/** A secret that is used only when `apply` creates the client or user. */
const initial = () => z.optional(secretSchema());

const registryFile = onDemand(() => {
  const client = z.extend(clientSchema(), { initial_secret: initial() });
  const user = z.extend(userSchema(), { initial_password: initial() });
  return z.strictObject({
    clients: z.optional(z.array(client).check(z.maxLength(ENTRIES_MAX))),
    users: z.optional(z.array(user).check(z.maxLength(ENTRIES_MAX))),
  });
});

/** A client in a file. */
export type FileClient = ClientEntry & { readonly initial_secret?: string | undefined };

/** A user in a file. */
export type FileUser = UserEntry & { readonly initial_password?: string | undefined };

/** Names of the fields that an entry contains. `apply` does not change the others. */
export type NamedFields = ReadonlySet<string>;

/** A parsed file of clients and users. */
export interface RegistryFile {
  readonly clients: readonly FileClient[];
  readonly users: readonly FileUser[];
  /** Which of the two lists the file contains. */
  readonly has: { readonly clients: boolean; readonly users: boolean };
  /** The fields of each entry, by index. */
  readonly named: {
    readonly clients: readonly NamedFields[];
    readonly users: readonly NamedFields[];
  };
}

/**
 * Parses a file of clients and users.
 *
 * @param text JSON; `${NAME}` in a string is replaced by the variable, null means the default
 * @throws ManagementError `invalid` with all problems
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

/** Removes null fields, so that the schema applies their defaults. */
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

/** The fields of each entry of a valid file. */
function namedIn(json: unknown, list: "clients" | "users"): NamedFields[] {
  const entries = isObject(json) ? json[list] : undefined;
  return Array.isArray(entries) ? entries.map((entry) => new Set(Object.keys(entry))) : [];
}

function parseJson(text: string): unknown {
  try {
    return readExactJson(text);
  } catch (error) {
    if (error instanceof ManagementError) throw error;
    throw invalid(`${positionOfError(text)}: not valid JSON`);
  }
}

/**
 * Finds the position of a syntax error: the end of the longest prefix that could still be valid
 * JSON. V8 reports a position only sometimes, and quotes the text, which may be a secret.
 */
function positionOfError(text: string): string {
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
    return [`${list}[${index}].${field}: duplicate`];
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
