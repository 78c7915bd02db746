/** Requests and responses of the management API as zod schemas for the document. */
import * as z from "zod/mini";
import { presentedFields, sentenceOf } from "../admin/client-fields.ts";
import { presentedProfileFields } from "../admin/profile-fields.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { PROBLEM_TYPE } from "../endpoints/admin/on-problem.ts";
import { ERROR_CODES } from "../errors/index.ts";
import { described } from "./schemas.ts";

const text = (description: string) => described(z.string(), description);
const instant = (description: string) => described(z.iso.datetime(), description);
const claims = described(
  z.record(z.string(), z.unknown()),
  "Claims that every token of the user contains: any JSON.",
);

const username = text("The name to log in with. Case-sensitive unless `USERNAMES` says otherwise.");
const isActive = described(z.boolean(), "Whether the user may log in. Default: true.");
const password = text(
  `At least \`PASSWORD_LENGTH_MIN\` characters, at most ${PASSWORD_BYTES_MAX} bytes, and not a ` +
    "common password.",
);

const profileFields = presentedProfileFields().map((field) => {
  const description = `${sentenceOf(field)} Released by the scope \`${field.scope}\`.`;
  return [field.name, described(field.schema as z.ZodMiniType, description)] as const;
});
const withFields = (change: (schema: z.ZodMiniType) => z.ZodMiniType) =>
  z.object(
    Object.fromEntries(profileFields.map(([name, schema]) => [name, z.optional(change(schema))])),
  );
const profile = described(
  withFields((schema) => schema),
  "Standard claims about the user (OpenID Connect Core §5.1), in ID tokens and userinfo.",
);
const profilePatch = described(
  withFields((schema) => z.nullable(schema)),
  "Fields to change; null removes one. A new e-mail address or telephone number is not verified, " +
    "unless the patch says so.",
);

/** A new user. */
export const newUser = z.object({
  username,
  password: z.optional(password),
  id: z.optional(text("The `sub` of the user's tokens. Default: a generated id.")),
  claims: z.optional(claims),
  profile: z.optional(profile),
  is_active: z.optional(isActive),
});

/** Changes to a user (RFC 7396). */
export const userPatch = z.object({
  username: z.optional(username),
  claims: z.optional(z.nullable(claims)),
  profile: z.optional(z.nullable(profilePatch)),
  is_active: z.optional(z.nullable(isActive)),
});

/** A user in a response. */
export const user = z.object({
  id: text("The `sub` of the user's tokens."),
  username,
  has_password: described(z.boolean(), "False: the user cannot log in with a password."),
  claims,
  profile,
  profile_updated_at: instant("When the profile was last changed."),
  is_active: isActive,
  created_at: instant("Time of creation."),
  sessions_valid_from: instant("Sessions that started earlier have ended."),
});

/** A password to set. */
export const newPassword = z.object({ password });

/** A generated password. */
export const generatedPassword = z.object({ password: text("Shown only once.") });

/** The fields of a client, each with its description and what an absent value means. */
const fields: Readonly<Record<string, z.ZodMiniType>> = Object.fromEntries(
  presentedFields().map((field) => {
    const absent = "json" in field.default ? `\`${field.default.json}\`` : field.default.markdown;
    const description = `${sentenceOf(field)} Default: ${absent}.`;
    return [field.name, described(z.optional(field.schema), description)];
  }),
);

const clientId = text("Printable ASCII.");

/** A new client. */
export const newClient = z.object({
  client_id: clientId,
  client_secret: z.optional(text("Default: a generated secret, which is shown only once.")),
  ...fields,
});

/** Changes to a client (RFC 7396). Null sets a field to its default. */
export const clientPatch = described(
  z.object(fields),
  "Fields to change. Null sets a field to its default.",
);

/** A client in a response. */
export const client = z.object({
  client_id: clientId,
  ...fields,
  client_secret: z.optional(text("Only in the response that generates it: shown only once.")),
  has_secret: z.boolean(),
  has_previous_secret: described(z.boolean(), "Whether the previous secret is valid too."),
  previous_secret_ends_at: z.optional(instant("When the previous secret ends.")),
  registration: described(
    z.enum(["operator", "dynamic", "document"]),
    "Who registered it: an operator, the client itself, or a document at the URL that is its id.",
  ),
  created_at: instant("Time of creation."),
  sessions_valid_from: instant("Sessions that started earlier have ended."),
});

/** Options of a secret rotation. */
export const rotation = z.object({
  previous_secret_ends_at: z.optional(
    instant("When the old secret ends. Default: at the next rotation."),
  ),
});

const next = described(
  z.nullable(z.string()),
  "The `after` of the next page, or null on the last page.",
);

/** A page of users. */
export const userList = z.object({ items: z.array(user), next });

/** A session in a response. */
const session = z.object({
  id: text("The id of the session. It is not a token."),
  client_id: text("The client that the user logged in with."),
  label: text("The `User-Agent` of the login, shortened; may be empty."),
  created_at: instant("When the user logged in."),
  last_refreshed_at: instant("The last refresh, accurate to a day or better."),
  imported: described(
    z.boolean(),
    "Whether it was imported from the previous server and has not been refreshed here.",
  ),
});

/** A page of sessions. */
export const sessionList = z.object({ items: z.array(session), next });

/** A browser session in a response. */
const browserSession = z.object({
  id: text("The `sid` of tokens. It is not a token."),
  label: text("The `User-Agent` of the browser, shortened; may be empty."),
  created_at: instant("The first sign-in."),
  authenticated_at: instant("The latest sign-in."),
});

/** A page of browser sessions. */
export const browserSessionList = z.object({ items: z.array(browserSession), next });

/** A consent in a response. */
const consent = z.object({
  client_id: text("The client."),
  client_name: text("For people; may be empty."),
  scope: text("Separated by spaces."),
  resources: described(z.array(z.string()), "The APIs that requests named (RFC 8707)."),
  redirect_hosts: described(z.array(z.string()), "Hosts or schemes to which codes may go."),
  granted_at: instant("The latest consent."),
});

/** A page of consents. */
export const consentList = z.object({ items: z.array(consent), next });

/** A logout in a response. */
const logout = z.object({
  id: text("The id of the delivery."),
  user_id: text("The `sub` of the logout token."),
  session_id: text("Its `sid`: the browser session."),
  ended_at: instant("When the session ended."),
  state: described(
    z.enum(["pending", "delivered", "failed"]),
    "Whether the client was told. `failed`: it will not be.",
  ),
  tries: z.int(),
  last_result: text(
    "Of the latest try: `http_` and a status, `no_response`, `no_uri` or `no_key`; empty: none.",
  ),
  tried_at: described(z.nullable(z.iso.datetime()), "The latest try."),
  next_try_at: described(z.nullable(z.iso.datetime()), "The next try, if there is one."),
});

/** A page of logouts. */
export const logoutList = z.object({ items: z.array(logout), next });

/** A page of clients. */
export const clientList = z.object({ items: z.array(client), next });

const resourceScope = z.optional(
  text("Separated by spaces. Default: all of `SCOPES` but `admin` and `introspection`."),
);

/** The scopes of a resource. */
export const resourceScopes = z.object({ scope: resourceScope });

/** A resource in a response. */
export const resource = z.object({
  uri: text("The `resource` of requests, and the audience of tokens."),
  scope: resourceScope,
});

/** A page of resources. */
export const resourceList = z.object({ items: z.array(resource), next });

/** Every error response (RFC 9457). */
export const problem = z.object({
  type: described(
    z.enum(Object.keys(ERROR_CODES).map((code) => PROBLEM_TYPE + code)),
    "The error code, for programs.",
  ),
  title: text("The error code in words."),
  status: z.int(),
  detail: z.optional(text("An explanation for people.")),
  problems: z.optional(
    z.array(
      z.object({
        place: text("The field, or empty for the whole request."),
        message: text("What is wrong with it. Does not quote the request."),
      }),
    ),
  ),
});
