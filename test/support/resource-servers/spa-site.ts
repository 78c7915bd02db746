import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PROJECT_DIR } from "../../../src/cli/project.ts";

/** A web site of one page, whose script may import `oidc-client-ts`. */
export interface SpaSite {
  /** Its origin, by a name of this computer. */
  at(host: "localhost" | "127.0.0.1"): string;
  stop(): void;
}

/** What a bundler would include. */
const MODULES = {
  "oidc-client-ts": "oidc-client-ts/dist/esm/oidc-client-ts.js",
  "jwt-decode": "jwt-decode/build/esm/index.js",
} as const;

const IMPORTS = Object.fromEntries(Object.keys(MODULES).map((name) => [name, `/${name}.js`]));

const PAGE = `<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<p id="status"></p><button id="sign-in">Sign in</button><button id="sign-out">Sign out</button>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" src="/page.js"></script>`;

/** @param script read when the page loads it */
export async function startSpaSite(script: () => string): Promise<SpaSite> {
  const scripts = new Map<string, () => string>([["/page.js", script]]);
  for (const [name, path] of Object.entries(MODULES)) {
    const read = () => readFileSync(join(PROJECT_DIR, "node_modules", path), "utf8");
    scripts.set(`/${name}.js`, read);
  }
  const server = createServer((request, response) => {
    const code = scripts.get(request.url ?? "");
    response.setHeader("Content-Type", code === undefined ? "text/html" : "text/javascript");
    response.end(code === undefined ? PAGE : code());
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as AddressInfo;
  return { at: (host) => `http://${host}:${port}`, stop: () => void server.close() };
}
