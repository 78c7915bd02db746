import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ownDir } from "../support/own-state.ts";
import { run } from "../support/processes.ts";

const dir = ownDir();

const PORT_REASON = "--port must be a number from 1 to 65535.\n";

describe("npm start reports in one line the problem with", () => {
  test.each([
    ["--port 0", PORT_REASON],
    ["--port 65536", PORT_REASON],
    ["--port -1", PORT_REASON],
    ["--port 80x", PORT_REASON],
    ["--port 1e3", PORT_REASON],
    ["--port", "--port requires a value.\n"],
    ["--port=", "--port requires a value.\n"],
    ["--persist-to", "--persist-to requires a value.\n"],
    ["--persist-to=", "--persist-to requires a value.\n"],
  ])("%s", async (words, stderr) => {
    const ended = await run(process.execPath, ["src/cli/start.ts", ...words.split(" ")]);
    expect(ended).toEqual({ code: 1, stdout: "", stderr });
  });

  test("a --persist-to that is a file", async () => {
    const file = join(dir, "file");
    writeFileSync(file, "");
    const args = ["src/cli/start.ts", "--port", "1", "--persist-to", file];
    const { code, stderr } = await run(process.execPath, args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^--persist-to: cannot create the folder: .*\n$/);
  });
});
