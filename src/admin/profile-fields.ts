import type * as z from "zod/mini";
import { type ProfileField, profileFieldRows } from "../users/profile-fields.ts";
import type { OptionField } from "./client-fields.ts";

/** A field of a user's profile as documents, and the help of commands, present it. */
export interface PresentedProfileField extends OptionField, Pick<ProfileField, "scope"> {
  readonly schema: z.core.$ZodType;
  readonly option: string;
}

/** Derives what is presented of each field from its row in `users/profile-fields.ts`. */
export function presentedProfileFields(): readonly PresentedProfileField[] {
  return profileFieldRows().map(([name, field]) => {
    return { ...field, name, schema: field.schema(), choices: [] };
  });
}
