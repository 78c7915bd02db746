import * as z from "zod/mini";
import type { ClientField, ColumnKind } from "../clients/field.ts";
import { clientFieldRows } from "../clients/metadata.ts";
import { grantTypes } from "../grants/index.ts";

/** A field of a client as documents, and the help of commands, present it. */
export interface PresentedField extends Pick<ClientField, "column" | "description" | "option"> {
  readonly name: string;
  /** Without the default. */
  readonly schema: z.core.$ZodType;
  /** The default as JSON or, if it is in Markdown, what an absent value means. */
  readonly default: { readonly json: string } | { readonly markdown: string };
  /** The values of an enumeration, or of a list of them; otherwise empty. */
  readonly choices: readonly string[];
}

/** A field that commands set by an option. */
export type OptionField = Pick<PresentedField, "name" | "description" | "choices"> & {
  readonly option?: string | undefined;
  readonly column?: ColumnKind;
};

/** Derives what is presented of each field from its row in `clients/metadata.ts`. */
export function presentedFields(): readonly PresentedField[] {
  return clientFieldRows().map(([name, field]) => {
    const schema = field.schema({ grantTypes: grantTypes() });
    const json = z.toJSONSchema(schema, { io: "input" });
    const items = typeof json.items === "object" && !Array.isArray(json.items) ? json.items : {};
    return {
      ...field,
      name,
      schema: field.documented?.() ?? withoutDefault(schema),
      default:
        json.default === undefined
          ? { markdown: field.absent ?? "none" }
          : { json: JSON.stringify(json.default) },
      choices: (json.enum ?? items.enum ?? []).map(String),
    };
  });
}

function withoutDefault(schema: z.ZodMiniType): z.core.$ZodType {
  return schema instanceof z.ZodMiniDefault ? schema.def.innerType : schema;
}

/** The description of a field as a sentence. */
export function sentenceOf({ description }: Pick<PresentedField, "description">): string {
  return `${description.charAt(0).toUpperCase()}${description.slice(1)}.`;
}
