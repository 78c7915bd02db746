import * as z from "zod/mini";
import { invalid, type ManagementError } from "../../errors/management-error.ts";
import { NAME_LENGTH_MAX } from "../../protocol/params.ts";
import { checked } from "../entries.ts";
import { onDemand } from "../on-demand.ts";

/** Most items of one page. */
export const PAGE_ITEMS_MAX = 1000;

/** Items of a page for which no number is asked. */
export const PAGE_ITEMS_DEFAULT = 100;

const name = () => z.string().check(z.minLength(1, "is empty"), z.maxLength(NAME_LENGTH_MAX));

const limit = () =>
  z._default(z.int().check(z.minimum(1), z.maximum(PAGE_ITEMS_MAX)), PAGE_ITEMS_DEFAULT);

/** Which part of a list is asked for. */
export const pageInput = onDemand(() =>
  z.strictObject({
    after: z._default(z.string().check(z.maxLength(NAME_LENGTH_MAX)), ""),
    limit: limit(),
  }),
);

/** Which part of the list of users is asked for, or the one user of a name. */
export const userPageInput = onDemand(() =>
  z.strictObject({
    after: z._default(z.string().check(z.maxLength(NAME_LENGTH_MAX)), ""),
    limit: limit(),
    username: z.optional(z.string().check(z.maxLength(NAME_LENGTH_MAX))),
  }),
);

/** How a user is named: by the `sub` of the user's tokens, or by the name. */
export const userKeyInput = onDemand(() =>
  z.union([z.strictObject({ id: name() }), z.strictObject({ username: name() })]),
);

/** How a client is named. */
export const clientIdInput = onDemand(name);

/** How a session of a user is named. */
export const sessionIdInput = onDemand(name);

/** A new password. */
export const passwordInput = onDemand(() => z.strictObject({ password: z.string() }));

/** How a secret is rotated. */
export const rotationInput = onDemand(() =>
  z.strictObject({
    previous_secret_ends_at: z.optional(
      z.iso.datetime("is not an instant such as 2030-01-31T12:00:00Z"),
    ),
  }),
);

/** Reads what a caller sent. @throws ManagementError `invalid` */
export function read<Schema extends z.ZodMiniType>(
  schema: () => Schema,
  value: unknown,
): z.output<Schema> {
  return checked(schema().safeParse(value));
}

/** Reads what must be an object, whatever is in it. @throws ManagementError `invalid` */
export function readObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw invalid("is not an object");
}

/** What is wrong with one part of what was asked for. */
export interface Problem {
  /** A field, or empty: the whole. */
  readonly place: string;
  readonly message: string;
}

/** The problems of an `invalid`, without any name or value of the caller's own. */
export function problemsOf({ problems }: ManagementError): Problem[] {
  return problems.map((problem) => {
    const [, field = "", message = problem] =
      /^([A-Za-z_]+)(?![A-Za-z_])[^\s:]*: (.*)$/s.exec(problem) ?? [];
    return { place: field === "file" ? "" : field, message };
  });
}
