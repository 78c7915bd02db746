import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { CLIENT_AUTHENTICATORS } from "../src/client-auth/index.ts";
import { GRANTS } from "../src/grants/index.ts";
import { CLIENT_AUTH_METHODS } from "../src/protocol/names.ts";
import { importsOf } from "./support/architecture/code.ts";
import { importsGoDown, LEVELS } from "./support/architecture/levels.ts";
import * as place from "./support/architecture/places.ts";
import { BROKEN, SOUND } from "./support/architecture/samples.ts";
import { sqlIsFixed } from "./support/architecture/statements.ts";
import * as style from "./support/architecture/style.ts";
import { parseTrees, type Rule, readFiles, type Tree } from "./support/architecture/tree.ts";

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
  "imports go only downward": importsGoDown,

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

  "nothing is thrown across RPC": nowhere(
    place.throwsBeside("DurableObject", "WorkerEntrypoint", "RpcTarget"),
  ),
  "only on-error.ts words an error": onlyIn(
    ["endpoints/on-error.ts", "openapi/schemas.ts"],
    place.texts("error_description"),
  ),
  "values are bound to SQL": sqlIsFixed(BOUND, {
    "src/cli/local-migrations.ts": "it runs the files of src/storage/migrations",
    "src/cli/proxied-database.ts":
      "it passes on what storage prepares, so that each text is prepared once",
    "src/storage/clients.ts": "column names are those of the table of fields; values are bound",
    "src/storage/import-sql.ts": "column names are constants; values are bound",
    "src/storage/registry.ts": "table and column names are its own words; every value is bound",
    "src/storage/registry-inserts.ts": "as in registry.ts, whose inserts it puts together",
    "src/storage/registry-sql.ts": "as in registry.ts, whose writes it puts together",
    "src/storage/registry-updates.ts": "column names are constants; values are bound",
  }),

  "lines are short": style.noLine(/^.{101}/, "is longer than 100 columns"),
  "nothing is left to do": style.noLine(/\b(?:TODO|FIXME|XXX)\b/, "leaves something to do"),
  "the linter and the compiler are heeded": style.noLine(
    /eslint-disable|@ts-(?:ignore|expect-error|nocheck)|biome-ignore(?!(?:-\w+)? [\w/]+: \w)/,
    "silences a tool without a reason",
  ),
  "what is exported is documented": style.exportsAreDocumented,
} satisfies Record<string, Rule>;

/** Samples that break one rule, and some that break none. */
const SAMPLES = [...Object.values(BROKEN).flat(), ...SOUND];
const [project, ...samples] = (await parseTrees([
  readFiles(resolve(import.meta.dirname, "..")),
  ...SAMPLES.map((sample) => new Map([sample.split(/: (.*)/s, 2) as [string, string]])),
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
  const cases = Object.entries(BROKEN).flatMap(([rule, broken]) => {
    return broken.map((sample) => [rule, sample] as const);
  });

  test.each([...cases, ...SOUND.map((sample) => [null, sample] as const)])(
    "%s: %s",
    (rule, sample) => {
      const tree = samples[SAMPLES.indexOf(sample)] as Tree;
      const broken = Object.entries(RULES).filter(
        ([, findBreaches]) => findBreaches(tree).length > 0,
      );
      expect(broken.map(([name]) => name)).toEqual(rule === null ? [] : [rule]);
    },
  );

  test("there is a sample for every rule", () => {
    expect(Object.keys(BROKEN).sort()).toEqual(Object.keys(RULES).sort());
  });
});

describe("a member is one file and one line in its list:", () => {
  test.each([
    ["grants", GRANTS as readonly object[], "grantType"],
    ["client-auth", CLIENT_AUTHENTICATORS, "methods"],
  ] as const)("%s", async (folder, list, property) => {
    const paths = project.src
      .map(({ path }) => path)
      .filter((path) => path.startsWith(`src/${folder}/`));
    const members = await Promise.all(
      paths.map(async (path) => {
        const exported = Object.values(await import(/* @vite-ignore */ `../${path}`));
        return exported.filter((value) => Object.hasOwn(Object(value), property));
      }),
    );
    expect(members.filter(({ length }) => length > 1)).toEqual([]);
    expect(new Set(members.flat())).toEqual(new Set(list));
  });

  test("the methods of client authentication are those that a client can register", () => {
    const served = CLIENT_AUTHENTICATORS.flatMap(({ methods }) => methods);
    expect(new Set(served)).toEqual(new Set(CLIENT_AUTH_METHODS));
  });
});

/** Biome checks that a package is declared, and `npm ci` that the lockfile is that of package.json. */
describe("packages", () => {
  const read = (path: string) => JSON.parse(project.files.get(path) ?? "{}");
  const { dependencies, devDependencies } = read("package.json");

  test("have exact versions", () => {
    const versions = Object.values({ ...dependencies, ...devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(`${version}`))).toEqual(
      [],
    );
  });

  test("are dependencies only where src imports them", () => {
    const used = project.src.flatMap((source) => importsOf(source).map(({ module }) => module));
    const isUsed = (name: string) => used.some((module) => `${module}/`.startsWith(`${name}/`));
    expect(Object.keys(dependencies).filter((name) => !isUsed(name))).toEqual([]);
  });

  test("have strong hashes in the lockfile", () => {
    const { "": root, ...installed } = read("package-lock.json").packages;
    const hashes = Object.values<{ integrity?: string }>(installed).map(
      ({ integrity = "" }) => integrity,
    );
    expect(hashes.filter((hash) => !/^sha512-[\w+/]{86}==$/.test(hash))).toEqual([]);
  });

  test("come from the default registry", () => {
    const foreign = /(?:"resolved": "|registry\s*=\s*)(?!https:\/\/registry\.npmjs\.org\/)/;
    expect(
      style.noLine(foreign, "another registry", /(?:package-lock\.json|\.npmrc)$/)(project),
    ).toEqual([]);
  });
});

test("nothing committed names a folder of a developer's machine", () => {
  const machinePath = /(?<![\w.])(?:\/(?:work|root|home|Users)\/|[A-Z]:\\Users\\)\w/;
  expect(style.noLine(machinePath, "a path of one machine", /./)(project)).toEqual([]);
});
