import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type OptionField, presentedFields } from "../../admin/client-fields.ts";
import { INEXACT_NUMBER } from "../../admin/exact-json.ts";
import { type ExactJson, parseExactJson } from "../../protocol/json.ts";
import { messageOf, usageError } from "../command-error.ts";

/** Adds an option for each field that has one. @param fields by default those of a client */
export function addFieldOptions(
  command: Command,
  fields: readonly OptionField[] = presentedFields(),
): Command {
  for (const { option: flags, description, choices } of fields) {
    if (flags === undefined) continue;
    const option = new Option(flags, description.replaceAll("`", ""));
    // The parser of choices() rejects lists and an empty value.
    if (choices.length > 0) option.choices(choices).argParser(asChoices(choices));
    command.addOption(option);
  }
  return command;
}

/**
 * The fields that options name, as a file has them. An empty value sets the default.
 *
 * @throws CommandError when a value cannot be read
 */
export function fieldsOf(
  options: Readonly<Record<string, unknown>>,
  fields: readonly OptionField[] = presentedFields(),
): Record<string, unknown> {
  const named = fields.flatMap((field) => {
    if (field.option === undefined) return [];
    const value = options[new Option(field.option).attributeName()];
    if (typeof value !== "string") return [];
    return [[field.name, value === "" ? undefined : readValue(value, field)] as const];
  });
  return Object.fromEntries(named);
}

/** Reads the text of an option by the kind of its field and by its placeholder. */
function readValue(text: string, { column, option = "" }: OptionField): unknown {
  if (column === "words") return asWords(text);
  const flag = option.replace(/ .*/, "");
  if (option.endsWith("<boolean>")) return asBoolean(text, flag);
  if (option.endsWith("<json>")) return asJson(text, flag);
  if (option.endsWith("<file>")) return asJsonFile(text);
  if (option.endsWith("<seconds>")) return asSeconds(text, flag);
  return text;
}

function asChoices(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (asWords(text).every((word) => choices.includes(word))) return text;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
  };
}

/** Words separated by spaces or commas. */
function asWords(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

function asBoolean(text: string, option: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw usageError(`${option}: is neither true nor false`);
}

function asSeconds(text: string, option: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw usageError(`${option}: is not a whole number of seconds`);
}

/** Reads the JSON of an option. @throws CommandError that does not quote it */
export function asJson(text: string, option = "--claims"): unknown {
  let parsed: ExactJson;
  try {
    parsed = parseExactJson(text);
  } catch {
    throw usageError(`${option}: is not valid JSON`);
  }
  if (parsed.inexact.length > 0) throw usageError(`${option}: ${INEXACT_NUMBER}`);
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
