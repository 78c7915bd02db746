import { type PresentedField, presentedFields, sentenceOf } from "../../admin/client-fields.ts";
import { presentedProfileFields } from "../../admin/profile-fields.ts";
import { GRANTS } from "../../grants/index.ts";
import { table } from "./configuration.ts";

/** The fields of docs/clients.md. */
export function clientFieldsPart(): string {
  const rows = presentedFields().map((field) => [
    code(field.name),
    defaultOf(field),
    meaningOf(field),
    field.option === undefined ? "" : code(field.option),
  ]);
  return table(["field", "default", "meaning", "option"], rows);
}

/** The fields of a user's profile of docs/clients.md. */
export function profileFieldsPart(): string {
  const rows = presentedProfileFields().map((field) => [
    code(field.name),
    code(field.scope),
    sentenceOf(field),
    code(field.option),
  ]);
  return table(["field", "scope", "meaning", "option"], rows);
}

/** The grants of docs/clients.md. */
export function grantsPart(): string {
  const rows = GRANTS.map((grant) => [
    code(grant.grantType),
    `${grant.summary} (${grant.specification})`,
    Object.keys(grant.parameters).map(code).join(", ") || "none",
    grant.allowsPublicClients ? "yes" : "no",
  ]);
  return table(["`grant_type`", "meaning", "parameters", "public clients"], rows);
}

function defaultOf({ default: value }: PresentedField): string {
  return "json" in value ? code(value.json) : value.markdown;
}

function meaningOf(field: PresentedField): string {
  const { choices } = field;
  const allowed = choices.length === 0 ? "" : ` Allowed: ${choices.map(code).join(", ")}.`;
  return sentenceOf(field) + allowed;
}

function code(text: string): string {
  return `\`${text}\``;
}
