import * as z from "zod/mini";
import { audience, scope } from "../../clients/value-schemas.ts";
import { invalid, type ManagementError } from "../../errors/management-error.ts";
import { isObject } from "../../protocol/json.ts";
import { CLIENT_ID_LENGTH_MAX, NAME_LENGTH_MAX } from "../../protocol/params.ts";
import { RESOURCE_BYTES_MAX } from "../../protocol/resource.ts";
import { checked } from "../entries.ts";
import { onDemand } from "../on-demand.ts";

/** Maximum items of a page. */
export const PAGE_ITEMS_MAX = 1000;

/** Default items of a page. */
export const PAGE_ITEMS_DEFAULT = 100;

const name = () => z.string().check(z.minLength(1, "is empty"), z.maxLength(NAME_LENGTH_MAX));

const clientId = () =>
  z.string().check(z.minLength(1, "is empty"), z.maxLength(CLIENT_ID_LENGTH_MAX));

const limit = () =>
  z._default(z.int().check(z.minimum(1), z.maximum(PAGE_ITEMS_MAX)), PAGE_ITEMS_DEFAULT);

/** Input of a list. */
export const pageInput = onDemand(() =>
  z.strictObject({
    after: z._default(z.string().check(z.maxLength(CLIENT_ID_LENGTH_MAX)), ""),
    limit: limit(),
  }),
);

/** Input of the list of users: a page, or the user with a name. */
export const userPageInput = onDemand(() =>
  z.strictObject({
    after: z._default(z.string().check(z.maxLength(NAME_LENGTH_MAX)), ""),
    limit: limit(),
    username: z.optional(z.string().check(z.maxLength(NAME_LENGTH_MAX))),
  }),
);

/** Identifies a user, by id (the `sub` of the user's tokens) or by name. */
export const userKeyInput = onDemand(() =>
  z.union([z.strictObject({ id: name() }), z.strictObject({ username: name() })]),
);

/** Identifies a client. */
export const clientIdInput = onDemand(clientId);

/** Identifies a resource. */
export const resourceUriInput = onDemand(() => {
  return z.string().check(z.minLength(1, "is empty"), z.maxLength(RESOURCE_BYTES_MAX));
});

/** A resource with its scopes. */
export const resourceInput = onDemand(() => {
  return z.strictObject({ uri: audience(), scope: z.optional(scope()) });
});

/** Identifies a session of a user. */
export const sessionIdInput = onDemand(name);

/** A new password. */
export const passwordInput = onDemand(() => z.strictObject({ password: z.string() }));

/** Input of a secret rotation. */
export const rotationInput = onDemand(() =>
  z.strictObject({
    previous_secret_ends_at: z.optional(
      z.iso.datetime("is not an instant such as 2030-01-31T12:00:00Z"),
    ),
  }),
);

/** Validates input of a caller. @throws ManagementError `invalid` */
export function read<Schema extends z.ZodMiniType>(
  schema: () => Schema,
  value: unknown,
): z.output<Schema> {
  return checked(schema().safeParse(value));
}

/**
 * Requires an object, with any content. A member that is undefined, which a caller by RPC can send,
 * is absent.
 *
 * @throws ManagementError `invalid`
 */
export function readObject(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw invalid("is not an object");
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** A problem with the input. */
export interface Problem {
  /** A field; empty: the whole input. */
  readonly place: string;
  readonly message: string;
}

/** The problems of an `invalid`, without names or values that the caller sent. */
export function problemsOf({ problems }: ManagementError): Problem[] {
  return problems.map((problem) => {
    const [, field = "", message = problem] =
      /^([A-Za-z_]+)(?![A-Za-z_])[^\s:]*: (.*)$/s.exec(problem) ?? [];
    return { place: field === "file" ? "" : field, message };
  });
}
