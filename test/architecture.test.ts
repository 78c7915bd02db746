import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { BROKEN } from "./support/architecture/broken.ts";
import { importsGoDown, noCycles } from "./support/architecture/levels.ts";
import { listsAreWhole } from "./support/architecture/lists.ts";
import { lockfileIsWhole, versionsAreExact } from "./support/architecture/packages.ts";
import * as place from "./support/architecture/places.ts";
import * as repository from "./support/architecture/repository.ts";
import { SOUND } from "./support/architecture/sound.ts";
import { sqlIsFixed } from "./support/architecture/statements.ts";
import * as style from "./support/architecture/style.ts";
import { parseTrees, type Rule, readFiles, type Tree } from "./support/architecture/tree.ts";

/** The parts of src/. Each imports those below it, and never one on its own line or above. */
const LEVELS = [
  ["index.ts", "cli", "client", "testing"],
  ["app.ts", "openapi"],
  ["endpoints", "rpc", "backchannel"],
  ["deps.ts", "resource-server"],
  ["browser-deps.ts", "early-deps.ts", "outbound-deps.ts", "unregistered-deps.ts"],
  ["declarative", "django-import"],
  ["admin"],
  ["client-auth", "grants", "config"],
  ["issuer", "users", "authorization", "client-documents"],
  ["rate-limit"],
  ["storage"],
  ["clients"],
  ["tokens", "calls.ts", "pages"],
  ["crypto"],
  ["errors"],
  ["protocol", "isolate.ts", "telemetry"],
];

/** Parts that import fewer than all below them. `part#name` is that name alone. */
const NARROWER = {
  cli: [
    ...["openapi", "pages", "admin", "declarative", "django-import", "grants", "config"],
    ...["calls.ts", "storage", "crypto", "errors", "protocol", "telemetry"],
  ],
  endpoints: [
    "deps.ts#Deps",
    ...["client-auth", "grants", "authorization", "users", "admin", "issuer", "clients", "pages"],
    "client-documents",
    ...["storage", "tokens", "crypto", "errors", "protocol", "telemetry"],
  ],
  rpc: [
    "deps.ts",
    "early-deps.ts",
    "resource-server",
    "admin",
    "tokens",
    "errors",
    "protocol",
    "telemetry",
  ],
  backchannel: ["deps.ts", "early-deps.ts", "calls.ts", "storage", "telemetry"],
  "resource-server": ["crypto", "protocol"],
  client: [],
  testing: ["resource-server"],
  grants: ["users", "clients", "storage", "tokens", "crypto", "errors", "protocol", "telemetry"],
  authorization: ["clients", "storage", "errors", "protocol"],
  pages: ["crypto"],
  config: ["tokens", "rate-limit", "crypto", "errors", "protocol"],
};

/** Parts that may use the Worker's bindings. */
const BOUND = [
  ...[
    "storage",
    "rate-limit",
    "backchannel",
    "deps.ts",
    "browser-deps.ts",
    "early-deps.ts",
    "outbound-deps.ts",
    "app.ts",
    "index.ts",
    "cli",
  ],
  ...["rpc/token-verifier.ts", "rpc/management.ts", "testing/worker.ts"],
];

const { onlyIn, nowhere, nowhereIn, globals, names, packages } = place;

/** The rules of the architecture, and the function that finds breaches of each. */
const RULES = {
  "imports go only downward": importsGoDown(LEVELS, NARROWER),
  "no file imports itself in a circle": noCycles,

  "only endpoints, and the package for APIs, build a Response": onlyIn(
    ["endpoints", "resource-server"],
    globals("Response"),
  ),
  "only storage and the files that compose the service touch env and bindings": onlyIn(
    BOUND,
    names(/^(?:env|Env|D1[A-Z]\w*|KVNamespace\w*|DurableObject\w*|RateLimit)$/),
    packages(/^cloudflare:/),
  ),
  "only crypto, and what APIs import, touches WebCrypto and jose": onlyIn(
    ["crypto", "client", "resource-server/jwks-verifier.ts", "testing/test-issuer.ts"],
    globals("crypto.subtle"),
    packages(/^jose\b/),
  ),
  "randomness has one source": onlyIn(
    ["crypto/bytes.ts", "cli", "testing"],
    globals("crypto.getRandomValues", "crypto.randomUUID", "Math.random"),
  ),
  "the source of randomness is passed in": onlyIn(
    ["deps.ts", "early-deps.ts", "cli"],
    place.imported("secureRandom"),
  ),
  "only the composition root, alarms of objects, the CLI and the npm package read the clock":
    onlyIn(
      [
        ...[
          "rate-limit/failure-counter.ts",
          "storage/fetched-documents-object.ts",
          "storage/refresh-family.ts",
          "storage/used-assertions.ts",
        ],
        // Reads the dates in the headers of a response.
        "client-documents/cache-lifetime.ts",
        ...["early-deps.ts", "cli", "client", "testing"],
      ],
      place.clockReads,
    ),
  "only calls to an old token endpoint, for documents and for logouts, the CLI, the package and a page reach out":
    onlyIn(
      [
        "backchannel/delivery.ts",
        "client-documents/fetch-document.ts",
        "users/legacy-endpoint.ts",
        "cli",
        "client",
        "resource-server/introspection-verifier.ts",
        "openapi/page/docs.js",
      ],
      globals("fetch"),
    ),
  "only the CLI knows Node and the operator's tools": onlyIn(
    ["cli"],
    packages(/^(?:node:(?!async_hooks$)|wrangler\b|commander\b|@clack\/)/),
    globals("process", "Buffer"),
  ),
  "only the record of a request goes from layer to layer unseen": onlyIn(
    ["telemetry/request-log.ts"],
    packages(/^node:async_hooks$/),
  ),
  "tokens and protocol are pure: no packages, no I/O, no timers": nowhereIn(
    ["tokens", "protocol"],
    packages(/^(?!cloudflare:|node:)/),
    globals("caches", "setTimeout", "setInterval", "scheduler", "console"),
  ),

  "only management and documents validate with zod": onlyIn(
    [
      ...["field", "metadata", "value-schemas", "registration-metadata"].map(
        (name) => `clients/${name}.ts`,
      ),
      ...["admin", "declarative", "users/profile-fields.ts", "openapi", "cli"],
    ],
    packages(/^zod\b/),
  ),
  "a grant decides and never sees HTTP": nowhereIn(
    ["grants"],
    names(/^(?:Response|Request|Headers|headers)$/),
  ),
  "a grant is one file and one line in the list": listsAreWhole({
    folder: "grants",
    type: "Grant",
    list: "GRANTS",
    property: "grantType",
  }),
  "a way to authenticate a client is one file and one line in the list": listsAreWhole({
    folder: "client-auth",
    type: "ClientAuthenticator",
    list: "CLIENT_AUTHENTICATORS",
    property: "methods",
    words: "CLIENT_AUTH_METHODS",
  }),

  "nothing is thrown across RPC": nowhere(
    place.throwsBeside("DurableObject", "WorkerEntrypoint", "RpcTarget"),
  ),
  "only on-error.ts words an error": onlyIn(
    ["endpoints/on-error.ts", "openapi/schemas.ts"],
    place.texts("error_description"),
  ),
  "values are bound to SQL": sqlIsFixed(BOUND, {
    "src/cli/proxied-database.ts":
      "it passes on what storage prepares, so that each text is prepared once",
    "src/storage/clients.ts": "column names are those of the table of fields; values are bound",
    "src/storage/import-sql.ts": "column names are constants; values are bound",
    "src/storage/registry.ts": "table and column names are its own words; every value is bound",
    "src/storage/registry-inserts.ts": "as in registry.ts, whose inserts it puts together",
    "src/storage/registry-sql.ts": "as in registry.ts, whose writes it puts together",
    "src/storage/registry-updates.ts": "column names are constants; values are bound",
  }),

  "files are short": style.fileLinesMost(250),
  "functions are short": style.functionLinesMost(69),
  "lines are short": style.noLine(/^.{101}/, "is longer than 100 columns"),
  "nothing is left to do": style.noLine(/\b(?:TODO|FIXME|XXX)\b/, "leaves something to do"),
  "the linter and the compiler are heeded": style.noLine(
    /eslint-disable|@ts-(?:ignore|expect-error|nocheck)|biome-ignore(?!(?:-\w+)? [\w/]+: \w)/,
    "silences a tool without a reason",
  ),
  "nothing is any": style.noAny,
  "what is exported is documented": style.exportsAreDocumented,

  "packages are declared, and what the Worker runs on is a dependency":
    repository.packagesAreDeclared,
  "versions of packages are exact": versionsAreExact,
  "the lockfile has a hash of every package, and is that of package.json": lockfileIsWhole,
  "packages come from the default registry": repository.registryIsDefault,
  "nothing committed names a developer's machine": repository.nothingIsLocal,
} satisfies Record<string, Rule>;

/** Samples that break one rule, and one that breaks none. */
const SAMPLES = [...Object.values(BROKEN).flatMap((samples) => Object.values(samples)), SOUND];
const [project, ...sampleTrees] = (await parseTrees([
  readFiles(resolve(import.meta.dirname, "..")),
  ...SAMPLES.map((files) => new Map(Object.entries(files))),
])) as [Tree, ...Tree[]];

describe("the architecture holds", () => {
  test.each(Object.entries(RULES))("%s", (_, findBreaches) => {
    expect(findBreaches(project)).toEqual([]);
  });

  test("for a part of every name in the levels", () => {
    const missing = LEVELS.flat().filter((part) => !project.src.some((file) => file.part === part));
    expect(missing).toEqual([]);
  });
});

describe("each rule finds a breach of it, and no other rule does", () => {
  test("has broken samples for every rule", () => {
    expect(Object.keys(BROKEN).sort()).toEqual(Object.keys(RULES).sort());
  });

  describe.each(Object.entries(BROKEN))("%s", (rule, samples) => {
    test.each(Object.entries(samples))("breaks when %s", (_, files) => {
      expect(brokenRules(files)).toEqual([rule]);
    });
  });

  test("finds none in code that only looks like a breach", () => {
    expect(brokenRules(SOUND)).toEqual([]);
  });
});

function brokenRules(sample: Readonly<Record<string, string>>): string[] {
  const tree = sampleTrees[SAMPLES.indexOf(sample)] as Tree;
  const broken = Object.entries(RULES).filter(([, findBreaches]) => findBreaches(tree).length > 0);
  return broken.map(([rule]) => rule);
}
