import { beforeAll, describe, expect, test } from "vitest";
import { command } from "../support/commands.ts";
import { ownState } from "../support/own-state.ts";
import type { Ended } from "../support/processes.ts";

const stateDir = ownState();
let secrets: string[] = [];

function cli(...words: string[]): Promise<Ended> {
  return command([...words, "--persist-to", stateDir]);
}

async function secretOf(...words: string[]): Promise<string> {
  return JSON.parse((await cli(...words, "--json")).stdout).client_secret;
}

async function listed(...words: string[]): Promise<Record<string, unknown>[]> {
  return JSON.parse((await cli("audit", "list", ...words, "--json")).stdout);
}

beforeAll(async () => {
  secrets = [
    await secretOf("client", "create", "shop"),
    await secretOf("client", "rotate-secret", "shop"),
  ];
  await cli("user", "create", "ada", "--without-password");
  await cli("user", "revoke", "ada");
  await cli("client", "disable", "nobody");
  await cli("client", "delete", "shop", "--yes");
});

describe("cli audit list", () => {
  test("shows what commands changed, newest first, and nothing that they rejected", async () => {
    const events = await listed();
    expect(events.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      "delete_client shop",
      "update_user ada",
      "insert_user ada",
      "update_client shop",
      "insert_client shop",
    ]);
    expect(events.map(({ ended_sessions: ended }) => ended)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(["command"]));
    expect(events[3]?.["fields"]).toEqual(["secret_record", "previous_secret_record"]);
  });

  test("shows the time of the database's clock, and no value", async () => {
    const { stdout } = await cli("audit", "list");
    expect(stdout).toMatch(/^EVENT +WHEN +ACTOR +ACTION +SUBJECT +FIELDS\n/);
    expect(stdout).toMatch(/^1 +20\d\d-\d\d-\d\d \d\d:\d\d +command +insert_client +shop /m);
    expect(stdout).toMatch(/ delete_client +shop +\(sessions ended\)$/m);
    expect(secrets).toEqual([expect.stringMatching(/^tgs_/), expect.stringMatching(/^tgs_/)]);
    for (const secret of secrets) expect(stdout).not.toContain(secret);
    expect(stdout).not.toContain("$pbkdf2");
  });

  test("pages backwards from an event", async () => {
    expect((await listed("--limit", "2")).map(({ id }) => id)).toEqual([5, 4]);
    expect((await listed("--limit", "2", "--before", "4")).map(({ id }) => id)).toEqual([3, 2]);
    expect(await listed("--before", "1")).toEqual([]);
  });

  test.each([
    ["--limit", "0"],
    ["--limit", "all"],
    ["--before", "-1"],
    ["--before", "yesterday"],
  ])("rejects %s %s", async (option, value) => {
    const { code, stdout, stderr } = await cli("audit", "list", option, value);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("It must be");
  });
});
