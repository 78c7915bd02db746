import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { vi } from "vitest";
import { PROJECT_DIR } from "../../../src/cli/project.ts";
import { PYTHON } from "../debian.ts";
import type { DebianPackage } from "../debian-packages.ts";
import { type Environment, run } from "../processes.ts";
import { isListening, startCommand } from "../running-command.ts";
import { freePort } from "../server.ts";

/** An API of docs/resource-servers.md, running. */
export interface GuideApi {
  call(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<unknown>;
}

/** How to run the API of one guide, whose code is in a folder. */
export interface Guide {
  readonly packages: readonly DebianPackage[];
  start(dir: string, env: Environment): Promise<GuideApi>;
}

const DOCUMENT = join(PROJECT_DIR, "docs/resource-servers.md");

/** What no guide shows, because each project has its own. */
const DJANGO_SETTINGS = `
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["rest_framework"]
ROOT_URLCONF = "drf_api"
SECRET_KEY = "only for tests"
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
`;

/** Writes each example to a folder, under the name in its first line, with the packages it needs. */
export function writeGuides(dir: string): void {
  const examples = readFileSync(DOCUMENT, "utf8").matchAll(
    /^```\w+\n(?:\/\/|#) (\S+)\n(.*?)^```$/gms,
  );
  for (const [, name = "", code = ""] of examples) write(join(dir, name), code);
  write(join(dir, "settings.py"), DJANGO_SETTINGS);
  write(join(dir, "package.json"), '{ "type": "module" }');
  const modules = join(dir, "node_modules");
  write(join(modules, "tollgate/package.json"), '{ "exports": { "./bearer": "./bearer.ts" } }');
  const bearer = join(PROJECT_DIR, "src/resource-server/bearer.ts");
  symlinkSync(bearer, join(modules, "tollgate/bearer.ts"));
  for (const name of ["express", "jose"]) {
    symlinkSync(join(PROJECT_DIR, "node_modules", name), join(modules, name));
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The guides by name. */
export const GUIDES: Readonly<Record<string, Guide>> = {
  FastAPI: {
    packages: ["python3-fastapi", "python3-uvicorn", "python3-jwt", "python3-cryptography"],
    start: (cwd, env) => {
      return serve(PYTHON, cwd, env, (port) => {
        return ["-m", "uvicorn", "--port", port, "fastapi_app:app"];
      });
    },
  },
  "Django REST framework": {
    packages: [
      ...(["python3-django", "python3-djangorestframework"] as const),
      ...(["python3-jwt", "python3-cryptography"] as const),
    ],
    start: (cwd, env) => {
      const settings = { ...env, DJANGO_SETTINGS_MODULE: "settings" };
      return serve(PYTHON, cwd, settings, (port) => {
        return ["-m", "django", "runserver", `127.0.0.1:${port}`, "--noreload"];
      });
    },
  },
  Express: {
    packages: [],
    start: (cwd, env) => serve(process.execPath, cwd, env, () => ["express-app.js"]),
  },
  "Next.js": { packages: [], start: startNextRoutes },
  Go: {
    packages: ["golang-go", "golang-github-golang-jwt-jwt-dev"],
    async start(cwd, env) {
      // Debian has version 4 of the library, in GOPATH.
      const code = readFileSync(join(cwd, "main.go"), "utf8").replace("jwt/v5", "jwt");
      write(join(cwd, "go/main.go"), code);
      const settings = { GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "" };
      const { code: status, stderr } = await run("/usr/bin/go", ["build", "-o", "../api"], {
        cwd: join(cwd, "go"),
        env: { ...settings, GOCACHE: join(cwd, "go-cache") },
      });
      if (status !== 0) throw new Error(stderr);
      return serve(join(cwd, "api"), cwd, env, () => []);
    },
  },
};

async function serve(
  command: string,
  cwd: string,
  env: Environment,
  argsFor: (port: string) => readonly string[],
): Promise<GuideApi> {
  const port = await freePort();
  const { stop } = await startCommand(command, argsFor(String(port)), {
    cwd,
    env: { ...env, PORT: String(port), PYTHONDONTWRITEBYTECODE: "1" },
    isReady: () => isListening(port),
  });
  return { call: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init), stop };
}

type RouteHandlers = Readonly<Record<string, (request: Request) => Promise<Response>>>;

/** Calls the route handlers as Next.js does, which is too large to install for one test. */
async function startNextRoutes(dir: string, env: Environment): Promise<GuideApi> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return {
    async call(path, init) {
      const request = new Request(new URL(path, "http://localhost:3000"), init);
      const file = join(dir, "app", new URL(request.url).pathname, "route.ts");
      const handlers = await vi.importActual<RouteHandlers>(file);
      const handler = handlers[request.method];
      if (handler === undefined) throw new Error(`${file} has no ${request.method}`);
      return handler(request);
    },
    stop: async () => vi.unstubAllEnvs(),
  };
}
