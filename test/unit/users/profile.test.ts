import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DatedProfile } from "../../../src/protocol/claims.ts";
import { claimsFor, profileClaimNames, withoutStaleFlags } from "../../../src/users/profile.ts";
import { PROFILE_SCOPES } from "../../../src/users/profile-fields.ts";

/** OpenID Connect Core §5.4, as it is written there. */
const CLAIMS_OF: Readonly<Record<(typeof PROFILE_SCOPES)[number], readonly string[]>> = {
  profile: [
    ...["name", "family_name", "given_name", "middle_name", "nickname", "preferred_username"],
    ...["profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale"],
    "updated_at",
  ],
  email: ["email", "email_verified"],
  address: ["address"],
  phone: ["phone_number", "phone_number_verified"],
};

const WHOLE: Required<DatedProfile> = {
  name: "Ada Lovelace",
  given_name: "Ada",
  family_name: "Lovelace",
  middle_name: "King",
  nickname: "ada",
  preferred_username: "countess",
  profile: "https://example.com/ada",
  picture: "https://example.com/ada.png",
  website: "https://ada.example",
  gender: "female",
  birthdate: "1815-12-10",
  zoneinfo: "Europe/London",
  locale: "en-GB",
  email: "ada@example.com",
  email_verified: true,
  phone_number: "+44 20 7946 0000",
  phone_number_verified: true,
  address: { locality: "London", country: "GB" },
  updated_at: 1_800_000_000,
};

const sorted = (names: readonly string[]) => [...names].sort();

describe("claimsFor", () => {
  test("releases exactly the claims of each set of scopes, as they are stored", () => {
    const scopes = fc.subarray(["openid", "offline_access", "read", ...PROFILE_SCOPES]);
    fc.assert(
      fc.property(scopes, (scope) => {
        const claims = claimsFor(WHOLE, scope);
        const expected = PROFILE_SCOPES.filter((one) => scope.includes(one));
        expect(sorted(Object.keys(claims))).toEqual(
          sorted(expected.flatMap((one) => CLAIMS_OF[one])),
        );
        expect(WHOLE).toMatchObject(claims);
      }),
    );
  });

  test("is narrowed by names, and never widened", () => {
    const names = fc.subarray([...profileClaimNames(), "sub", "username", "__proto__"]);
    fc.assert(
      fc.property(fc.subarray([...PROFILE_SCOPES]), names, (scope, only) => {
        const expected = Object.keys(claimsFor(WHOLE, scope)).filter((name) => only.includes(name));
        expect(Object.keys(claimsFor(WHOLE, scope, only))).toEqual(expected);
      }),
    );
  });

  test.each<[string, DatedProfile, object]>([
    ["an empty profile has none", {}, {}],
    [
      "an address is not verified by default",
      { email: "a@b" },
      { email: "a@b", email_verified: false },
    ],
    ["a flag without its address says nothing", { email_verified: true }, {}],
    [
      "a number is not verified by default",
      { phone_number: "+1 604" },
      { phone_number: "+1 604", phone_number_verified: false },
    ],
  ])("%s", (_, profile, claims) => {
    expect(claimsFor(profile, PROFILE_SCOPES)).toEqual(claims);
  });
});

test("discovery names every claim once", () => {
  expect(sorted(profileClaimNames())).toEqual(sorted(Object.values(CLAIMS_OF).flat()));
});

test.each([
  ["another address", { email: "new@b" }, [], { email: "new@b" }],
  ["a removed address", {}, [], {}],
  ["the same address", { email: "a@b" }, [], { email: "a@b", email_verified: true }],
  [
    "an address with its flag",
    { email: "new@b" },
    ["email_verified"],
    { email: "new@b", email_verified: true },
  ],
])("%s keeps or loses what said that it is verified", (_, email, named, after) => {
  const before = { email: "a@b", email_verified: true };
  const changed = { ...email, email_verified: true };
  expect(withoutStaleFlags(before, changed, new Set(named))).toEqual(after);
});
