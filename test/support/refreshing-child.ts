/**
 * One life of a program that uses `tollgate/client`: refreshes what the file says, and saves the
 * new pair there. Arguments: token endpoint, file, and `never-save` to hang before it saves.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { TokenClient } from "../../src/client/token-client.ts";

const [tokenEndpoint = "", path = "", mode] = process.argv.slice(2);

const client = new TokenClient(
  {
    tokenEndpoint,
    clientId: "mobile",
    clientSecret: "secret",
    async save(pair) {
      process.send?.("saving");
      if (mode === "never-save") await new Promise(() => setInterval(() => undefined, 1000));
      writeFileSync(`${path}.new`, JSON.stringify(pair));
      renameSync(`${path}.new`, path);
    },
  },
  JSON.parse(readFileSync(path, "utf8")),
);

await client.refresh();
process.disconnect?.();
