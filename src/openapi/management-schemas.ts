/** What goes over the wire of the management API, as zod schemas for the document. */
import * as z from "zod/mini";
import { presentedFields, sentenceOf } from "../admin/client-fields.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { PROBLEM_TYPE } from "../endpoints/admin/on-problem.ts";
import { ERROR_CODES } from "../errors/index.ts";
import { told } from "./schemas.ts";

const text = (description: string) => told(z.string(), description);
const instant = (description: string) => told(z.iso.datetime(), description);
const claims = told(z.record(z.string(), z.unknown()), "What every token says of it: any JSON.");

const username = text("As it is typed to log in. Case-sensitive.");
const isActive = told(z.boolean(), "Whether the user may log in; true unless said.");
const password = text(
  `From \`PASSWORD_LENGTH_MIN\` characters to ${PASSWORD_BYTES_MAX} bytes, none of the commonest.`,
);

/** A new user. */
export const newUser = z.object({
  username,
  password: z.optional(password),
  id: z.optional(text("The `sub` of the user's tokens; made here unless it is given.")),
  claims: z.optional(claims),
  is_active: z.optional(isActive),
});

/** Changes to a user (RFC 7396). */
export const userPatch = z.object({
  username: z.optional(username),
  claims: z.optional(z.nullable(claims)),
  is_active: z.optional(z.nullable(isActive)),
});

/** A user as it is shown. */
export const user = z.object({
  id: text("The `sub` of the user's tokens."),
  username,
  has_password: told(z.boolean(), "False: no password is right."),
  claims,
  is_active: isActive,
  created_at: instant("When it was made."),
  sessions_valid_from: instant("Sessions that began before have ended."),
});

/** Another password. */
export const newPassword = z.object({ password });

/** A password that was made here. */
export const madePassword = z.object({ password: text("Shown this once.") });

/** The fields of a client, each with its description and what an absent value means. */
const fields: Readonly<Record<string, z.ZodMiniType>> = Object.fromEntries(
  presentedFields().map((field) => {
    const absent = "json" in field.default ? `\`${field.default.json}\`` : field.default.markdown;
    const description = `${sentenceOf(field)} Default: ${absent}.`;
    return [field.name, told(z.optional(field.schema), description)];
  }),
);

const clientId = text("Printable ASCII.");

/** A new client. */
export const newClient = z.object({
  client_id: clientId,
  client_secret: z.optional(text("Made here, and shown once, unless it is given.")),
  ...fields,
});

/** Changes to a client (RFC 7396): any field may be null too, which takes it to its default. */
export const clientPatch = told(
  z.object(fields),
  "Fields to change. Null takes one to its default.",
);

/** A client as it is shown. */
export const client = z.object({
  client_id: clientId,
  ...fields,
  client_secret: z.optional(text("Only where it was just made: shown this once.")),
  has_secret: z.boolean(),
  has_previous_secret: told(z.boolean(), "Whether the secret before is good too."),
  previous_secret_ends_at: z.optional(instant("Until when.")),
  created_at: instant("When it was made."),
  sessions_valid_from: instant("Sessions that began before have ended."),
});

/** How a secret is rotated. */
export const rotation = z.object({
  previous_secret_ends_at: z.optional(
    instant("Until when the old secret is good; left out: until the next rotation."),
  ),
});

const next = told(z.nullable(z.string()), "Send it as `after` for the next page; null: the last.");

/** A page of users. */
export const userList = z.object({ items: z.array(user), next });

/** A session as it is shown. */
export const session = z.object({
  id: text("No token."),
  client_id: text("The client that logged in."),
  label: text("What the client said of itself in `User-Agent`, shortened; may be empty."),
  created_at: instant("When the user logged in."),
  last_refreshed_at: instant("When it was last used to get a token: to the day, or better."),
  imported: told(
    z.boolean(),
    "Whether it comes from the server that this one replaces, and was not used here yet.",
  ),
});

/** A page of sessions. */
export const sessionList = z.object({ items: z.array(session), next });

/** A page of clients. */
export const clientList = z.object({ items: z.array(client), next });

/** Every answer that is no success (RFC 9457). */
export const problem = z.object({
  type: told(
    z.enum(Object.keys(ERROR_CODES).map((code) => PROBLEM_TYPE + code)),
    "For programs to decide by.",
  ),
  title: text("The same in words."),
  status: z.int(),
  detail: z.optional(text("More words, where there are.")),
  problems: z.optional(
    z.array(
      z.object({
        place: text("The field; empty: the whole."),
        message: text("What is wrong with it. Quotes nothing that was sent."),
      }),
    ),
  ),
});
