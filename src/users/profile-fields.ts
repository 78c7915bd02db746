import * as z from "zod/mini";
import { wellFormed } from "../clients/value-schemas.ts";
import { utf8 } from "../crypto/bytes.ts";
import type { Profile } from "../protocol/claims.ts";
import { hasControlCharacter, NAME_LENGTH_MAX } from "../protocol/params.ts";

/** The scopes that release claims about a user (OpenID Connect Core §5.4). */
export const PROFILE_SCOPES = ["profile", "email", "phone", "address"] as const;

/** One field of a user's profile. */
export interface ProfileField {
  /** What it means, as a phrase. */
  readonly description: string;
  /** The scope that releases it. */
  readonly scope: (typeof PROFILE_SCOPES)[number];
  /** What is valid. A function: see `admin/on-demand.ts`. */
  readonly schema: () => z.ZodMiniType;
  /** Its option of `user create` and `user update`. */
  readonly option: string;
}

/** Longest profile, in bytes of JSON: an ID token contains all of it. */
const PROFILE_BYTES_MAX = 4096;

/** Longest address, in characters, and longest URI. */
const LONG_TEXT_MAX = 1000;

const text = (lengthMax = NAME_LENGTH_MAX) =>
  z.string().check(
    z.minLength(1, "is empty"),
    z.maxLength(lengthMax, `is longer than ${lengthMax} characters`),
    z.refine((value) => !hasControlCharacter(value), "has a control character"),
    wellFormed(),
  );

const like = (pattern: RegExp, problem: string) => text().check(z.regex(pattern, problem));

const webPage = () =>
  text(LONG_TEXT_MAX).check(
    z.refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value), "is not a web address"),
  );

/** Unlike other texts, an address has lines (OpenID Connect Core §5.1.1). */
const lines = () =>
  z.string().check(
    z.minLength(1, "is empty"),
    z.maxLength(LONG_TEXT_MAX, `is longer than ${LONG_TEXT_MAX} characters`),
    z.refine(
      (value) => !hasControlCharacter(value.replace(/\r?\n/g, "")),
      "has a control character",
    ),
    wellFormed(),
  );

const address = () =>
  z.strictObject({
    formatted: z.optional(lines()),
    street_address: z.optional(lines()),
    locality: z.optional(text()),
    region: z.optional(text()),
    postal_code: z.optional(text()),
    country: z.optional(text()),
  });

/** A date, one without a year, or a year alone. */
const birthdate = () =>
  z.string().check(
    z.refine((value) => {
      const [, year = "", day] = /^(\d{4})(-\d\d-\d\d)?$/.exec(value) ?? [];
      if (day === undefined) return year !== "";
      // A leap year in place of the missing one.
      const date = `${year === "0000" ? "2000" : year}${day}`;
      const parsed = new Date(`${date}T00:00:00Z`);
      return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
    }, "is not a date such as 1815-12-10, 0000-12-10 or 1815"),
  );

/**
 * The fields of a user's profile: the standard claims of OpenID Connect Core §5.1 but `sub` and
 * `updated_at`, which the service sets. A field is one row here and one line of `Profile`: files,
 * the management API and its OpenAPI document, the commands and the documentation derive from this
 * table.
 */
const PROFILE_FIELDS = {
  name: {
    description: "full name, as it is displayed",
    scope: "profile",
    schema: () => text(),
    option: "--name <text>",
  },
  given_name: {
    description: "given name or names",
    scope: "profile",
    schema: () => text(),
    option: "--given-name <text>",
  },
  family_name: {
    description: "surname or surnames",
    scope: "profile",
    schema: () => text(),
    option: "--family-name <text>",
  },
  middle_name: {
    description: "middle name or names",
    scope: "profile",
    schema: () => text(),
    option: "--middle-name <text>",
  },
  nickname: {
    description: "casual name",
    scope: "profile",
    schema: () => text(),
    option: "--nickname <text>",
  },
  preferred_username: {
    description: "short name that the user wants to be called by; need not be the `username`",
    scope: "profile",
    schema: () => text(),
    option: "--preferred-username <text>",
  },
  profile: {
    description: "address of the user's profile page",
    scope: "profile",
    schema: webPage,
    option: "--profile <url>",
  },
  picture: {
    description: "address of a picture of the user",
    scope: "profile",
    schema: webPage,
    option: "--picture <url>",
  },
  website: {
    description: "address of the user's website",
    scope: "profile",
    schema: webPage,
    option: "--website <url>",
  },
  gender: {
    description: "gender, such as `female` or `male`",
    scope: "profile",
    schema: () => text(),
    option: "--gender <text>",
  },
  birthdate: {
    description: "date of birth as `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY`",
    scope: "profile",
    schema: birthdate,
    option: "--birthdate <date>",
  },
  zoneinfo: {
    description: "time zone, such as `Europe/Paris`",
    scope: "profile",
    schema: () => like(/^[A-Za-z][\w+-]*(?:\/[\w+-]+){0,2}$/, "is not a time zone of the IANA"),
    option: "--zoneinfo <name>",
  },
  locale: {
    description: "language and region, such as `en-GB`",
    scope: "profile",
    schema: () => like(/^[A-Za-z]{2,8}(?:[-_][A-Za-z\d]{1,8})*$/, "is not a language tag"),
    option: "--locale <tag>",
  },
  email: {
    description: "e-mail address",
    scope: "email",
    schema: () => like(/^[^\s@]+@[^\s@]+$/, "is not an e-mail address"),
    option: "--email <address>",
  },
  email_verified: {
    description: "whether the user has proved to own the e-mail address",
    scope: "email",
    schema: () => z.boolean(),
    option: "--email-verified <boolean>",
  },
  phone_number: {
    description: "telephone number, such as `+1 604 555 1234;ext=5678`",
    scope: "phone",
    schema: () => like(/^[+(\d][\d ().-]{2,40}(?:;ext=\d{1,10})?$/, "is not a telephone number"),
    option: "--phone-number <number>",
  },
  phone_number_verified: {
    description: "whether the user has proved to own the telephone number",
    scope: "phone",
    schema: () => z.boolean(),
    option: "--phone-number-verified <boolean>",
  },
  address: {
    description:
      "postal address, a JSON object of `formatted`, `street_address`, `locality`, `region`, " +
      "`postal_code` and `country`",
    scope: "address",
    schema: address,
    option: "--address <json>",
  },
} satisfies Readonly<Record<keyof Profile, ProfileField>>;

type Fields = typeof PROFILE_FIELDS;

/** The rows of {@link PROFILE_FIELDS} in their order, by name. */
export function profileFieldRows(): readonly (readonly [name: keyof Profile, ProfileField])[] {
  return Object.entries<ProfileField>(PROFILE_FIELDS) as [keyof Profile, ProfileField][];
}

/** A profile in a file or a request. */
export const profileSchema = () => {
  const shape = profileFieldRows().map(([name, { schema }]) => [name, z.optional(schema())]);
  const fields: {
    [Name in keyof Fields]: z.ZodMiniOptional<ReturnType<Fields[Name]["schema"]>>;
  } = Object.fromEntries(shape);
  return z
    .strictObject({ ...fields, updated_at: z.optional(z.never(SET_BY_SERVICE)) })
    .check(
      z.refine(
        (profile) => utf8(JSON.stringify(profile)).length <= PROFILE_BYTES_MAX,
        `is longer than ${PROFILE_BYTES_MAX} bytes`,
      ),
    );
};

const SET_BY_SERVICE = "is set by the service";
