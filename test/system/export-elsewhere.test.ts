import { join } from "node:path";
import { expect, test } from "vitest";
import { command } from "../support/commands.ts";
import { readRegistry } from "../support/local-database.ts";
import { ownDir, ownState } from "../support/own-state.ts";

const stateDir = ownState();
const dir = ownDir();
test("an export can be applied to a new folder, with the same ids", async () => {
  const here = ["--persist-to", stateDir];
  await command(["client", "create", "shop", ...here]);
  await command(["user", "create", "ada", "--without-password", ...here]);
  const { stdout: input } = await command(["export", ...here]);
  const elsewhere = join(dir, "else", "where");
  const applied = await command(["apply", "-", "--persist-to", elsewhere], { input });
  expect(applied).toMatchObject({ code: 0, stderr: "" });
  const whole = (state: string) => {
    return readRegistry(state).map(({ not_before_ms, created_at_ms, ...row }) => row);
  };
  expect(whole(elsewhere)).toEqual(whole(stateDir));
});
