import { expectTypeOf, test } from "vitest";
import type { ClientEntry } from "../../../src/admin/entries.ts";
import type { ClientFieldName } from "../../../src/clients/metadata.ts";
import type { Profile } from "../../../src/protocol/claims.ts";
import type { ClientFields, UserProfile } from "../../../src/rpc/management-types.ts";

// The public types are plain interfaces, without zod. `tsc` fails here when they differ.
test("the public type of a client has exactly the fields of the table", () => {
  expectTypeOf<keyof ClientFields>().toEqualTypeOf<ClientFieldName>();
});

test("every value that the table allows is in the public type", () => {
  expectTypeOf<Pick<ClientEntry, ClientFieldName>>().toExtend<ClientFields>();
});

test("the public type of a profile is that of the service", () => {
  expectTypeOf<UserProfile>().toEqualTypeOf<Profile>();
});
