import { expect, test } from "vitest";
import { createSlowRecordWatch } from "../../../src/django-import/slow-records.ts";

const django = (iterations: number) => `pbkdf2_sha256$${iterations}$salt$${"A".repeat(43)}=`;

function warningsOf(...records: string[]): string[] {
  const watch = createSlowRecordWatch();
  for (const record of records) watch.note(record);
  return watch.warnings();
}

test.each([
  ["no hash", []],
  ["an unusable one", ["!"]],
  ["one of another hasher", ["argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA"]],
  ["ones that are checked in less than two seconds", [django(260_000), django(999_999)]],
  ["one of more iterations than are checked at all", [django(2_000_001)]],
])("there is no warning for %s", (_, records) => {
  expect(warningsOf(...records)).toEqual([]);
});

test.each([
  [[django(1_000_000)], "1000000 iterations take about 2.0 seconds", "to at least 4"],
  [[django(1000), django(1_200_000), django(1_000_000)], "1200000 iterations", "to at least 4"],
  [[django(2_000_000)], "take about 4.0 seconds", "to at least 6"],
])("the slowest hash of %j is named", (records, ...parts) => {
  for (const part of parts) {
    expect(warningsOf(...records)).toEqual([expect.stringContaining(part)]);
  }
});
