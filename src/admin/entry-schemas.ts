import * as z from "zod/mini";
import { clientShape } from "../clients/metadata.ts";
import { claims, wellFormed } from "../clients/value-schemas.ts";
import { utf8 } from "../crypto/bytes.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { grantTypes } from "../grants/index.ts";
import { hasControlCharacter, NAME_LENGTH_MAX } from "../protocol/params.ts";
import { isUsernameTooLong } from "../protocol/usernames.ts";
import { profileSchema } from "../users/profile-fields.ts";
import { onDemand } from "./on-demand.ts";

const name = (isTooLong = (text: string) => text.length > NAME_LENGTH_MAX) =>
  z.string().check(
    z.minLength(1, "is empty"),
    z.refine((text) => !isTooLong(text), `is longer than ${NAME_LENGTH_MAX} characters`),
    z.refine((text) => !hasControlCharacter(text), "has a control character"),
    wellFormed(),
  );

/** A client secret or a password. */
export const secretSchema = () =>
  z.string().check(
    z.minLength(1, "is empty"),
    z.refine((text) => !hasControlCharacter(text), "has a control character"),
    wellFormed(),
    z.refine(
      (text) => utf8(text).length <= PASSWORD_BYTES_MAX,
      `is longer than ${PASSWORD_BYTES_MAX} bytes`,
    ),
  );

/** The hash of a secret. `Passwords.canRead` tells whether this service can verify it. */
const record = () => z.string().check(z.minLength(1, "is empty"), z.maxLength(8192, "is too long"));

/** A client in a file. `clientContradictions` checks what depends on several fields. */
export const clientSchema = onDemand(() =>
  z.strictObject({
    client_id: name().check(
      z.regex(/^[\x20-\x7e]+$/, "has a character other than printable ASCII"),
    ),
    client_secret: z.optional(secretSchema()),
    secret_record: z.optional(record()),
    previous_secret_record: z.optional(record()),
    previous_secret_ends_at: z.optional(
      z.iso.datetime("is not an instant such as 2030-01-31T12:00:00Z"),
    ),
    ...clientShape({ grantTypes: grantTypes() }),
  }),
);

/** A user in a file. */
export const userSchema = onDemand(() =>
  z.strictObject({
    id: z.optional(z.string().check(z.regex(/^[\x21-\x7e]{1,255}$/, "is not printable ASCII"))),
    username: name(isUsernameTooLong),
    password: z.optional(secretSchema()),
    password_record: z.optional(record()),
    claims: z._default(claims(), {}),
    profile: z._default(profileSchema(), {}),
    is_active: z._default(z.boolean(), true),
  }),
);

/** A client in a file, with every default filled in. */
export type ClientEntry = z.infer<ReturnType<typeof clientSchema>>;

/** A user in a file, with every default filled in. */
export type UserEntry = z.infer<ReturnType<typeof userSchema>>;
