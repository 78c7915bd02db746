import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { run } from "../support/processes.ts";

const page = readFileSync(join(PROJECT_DIR, "README.md"), "utf8");
const { url } = inject("server");

/** Runs the README's command that contains a text, against the test server. */
async function runCommand(containing: string, refreshToken = ""): Promise<object> {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const command = blocks.find((block) => block.includes(containing)) ?? "";
  const line = command
    .replace("127.0.0.1:8787", new URL(url).host)
    .replace("tgr_kYx...", refreshToken);
  return JSON.parse((await run("bash", ["-c", line])).stdout);
}

test("the README's commands get the response in the README, and a new pair", async () => {
  const shown = JSON.parse(/^```json\n(.*?)^```$/ms.exec(page)?.[1] ?? "{}");
  const first = await runCommand("grant_type=password");
  expect(Object.keys(first)).toEqual(Object.keys(shown));
  const tokens = { access_token: expect.any(String), refresh_token: expect.any(String) };
  expect(first).toEqual({ ...shown, ...tokens });
  const { refresh_token } = first as { refresh_token: string };
  const second = await runCommand("grant_type=refresh_token", refresh_token);
  expect(second).toEqual({ ...shown, ...tokens });
  expect(second).not.toMatchObject({ refresh_token });
});

test("the README is short", () => {
  expect(Buffer.byteLength(page)).toBeLessThanOrEqual(7 * 1024);
});
