import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ClientEntry } from "../../admin/entries.ts";
import { INEXACT_NUMBER } from "../../admin/exact-json.ts";
import { grantTypes } from "../../grants/index.ts";
import { type ExactJson, parseExactJson } from "../../protocol/json.ts";
import { ACCESS_TOKEN_FORMATS, CLIENT_AUTH_METHODS } from "../../protocol/names.ts";
import { messageOf, usageError } from "../command-error.ts";

/** One field of a client as an option. */
interface FieldOption {
  readonly flags: string;
  readonly description: string;
  /** Words that it can have, one or, for a list, several. */
  readonly choices?: readonly string[];
  readonly field: keyof ClientEntry;
  /** What the text is in a file. @throws CommandError when it is nothing of the kind */
  readonly read: (text: string) => unknown;
}

const FIELDS: readonly FieldOption[] = [
  field("--name <text>", "its name, for people", "client_name", asText),
  {
    ...field("--grant-types <names>", "how it gets tokens; any of", "grant_types", asWords),
    choices: grantTypes(),
  },
  {
    ...field("--auth-method <name>", "how it authenticates", "token_endpoint_auth_method", asText),
    choices: CLIENT_AUTH_METHODS,
  },
  field("--scope <names>", "what it may ask for", "scope", asText),
  field(
    "--default-scope <names>",
    "what it gets when it asks for nothing",
    "default_scope",
    asText,
  ),
  field("--audience <uris>", "APIs that its tokens may be for", "audience", asWords),
  field("--claims <json>", "what every token of it says, an object", "claims", asJson),
  field("--jwks-file <file>", "public keys of private_key_jwt, a JWK set", "jwks", asJsonFile),
  field("--allowed-origins <origins>", "browser origins", "allowed_origins", asWords),
  {
    ...field("--access-token-format <name>", "of its tokens", "access_token_format", asText),
    choices: ACCESS_TOKEN_FORMATS,
  },
  field(
    "--access-token-ttl <seconds>",
    "lifetime of its access tokens",
    "access_token_ttl_seconds",
    asNumber,
  ),
  field(
    "--refresh-idle-ttl <seconds>",
    "a login ends when not refreshed for so long",
    "refresh_idle_ttl_seconds",
    asNumber,
  ),
  field(
    "--refresh-absolute-ttl <seconds>",
    "a login ends after so long",
    "refresh_absolute_ttl_seconds",
    asNumber,
  ),
];

/** Adds an option for each field of a client. */
export function addFieldOptions(command: Command): Command {
  for (const { flags, description, choices = [] } of FIELDS) {
    const option = new Option(flags, description);
    // The parser replaces the one of choices(), which refuses lists and an empty value.
    if (choices.length > 0) option.choices(choices).argParser(asChoices(choices));
    command.addOption(option);
  }
  return command;
}

/**
 * The fields that options name, as a file has them. An empty value takes a field to its default.
 *
 * @throws CommandError for a value that cannot be read
 */
export function fieldsOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named = FIELDS.flatMap(({ flags, field: name, read }) => {
    const value = options[new Option(flags).attributeName()];
    if (typeof value !== "string") return [];
    return [[name, value === "" ? undefined : read(value)] as const];
  });
  return Object.fromEntries(named);
}

function field(
  flags: string,
  description: string,
  name: keyof ClientEntry,
  read: FieldOption["read"],
): FieldOption {
  return { flags, description, field: name, read };
}

function asText(text: string): string {
  return text;
}

function asChoices(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (asWords(text).every((word) => choices.includes(word))) return text;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
  };
}

/** Separated by spaces, as scopes are, or by commas. */
function asWords(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

/** What is no number stays text, which the field's own check then refuses. */
function asNumber(text: string): number | string {
  return /^\d{1,12}$/.test(text) ? Number(text) : text;
}

/** Reads an option's JSON. @throws CommandError that does not quote it */
export function asJson(text: string): unknown {
  let parsed: ExactJson;
  try {
    parsed = parseExactJson(text);
  } catch {
    throw usageError("--claims: is not valid JSON");
  }
  if (parsed.inexact.length > 0) throw usageError(`--claims: ${INEXACT_NUMBER}`);
  return parsed.value;
}

function asJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw usageError(`--jwks-file: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`--jwks-file: ${path} is not valid JSON`);
  }
}
