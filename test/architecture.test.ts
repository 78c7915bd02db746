import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { CLIENT_AUTHENTICATORS } from "../src/client-auth/index.ts";
import { GRANTS } from "../src/grants/index.ts";
import { CLIENT_AUTH_METHODS } from "../src/protocol/names.ts";
import { importsOf } from "./support/architecture/code.ts";
import { importsGoDown, LEVELS } from "./support/architecture/levels.ts";
import { lint, placeRules } from "./support/architecture/lint.ts";
import { BROKEN, MISPLACED, SOUND } from "./support/architecture/samples.ts";
import { sqlIsFixed } from "./support/architecture/statements.ts";
import * as style from "./support/architecture/style.ts";
import { parseTree, type Rule, readFiles } from "./support/architecture/tree.ts";

/** Rules that Biome cannot express, and the function that finds breaches of each. */
const RULES = {
  "imports go only downward": importsGoDown,

  "values are bound to SQL": sqlIsFixed({
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

const project = parseTree(readFiles(resolve(import.meta.dirname, "..")));

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
      const tree = parseTree(new Map([sample.split(/: (.*)/s, 2) as [string, string]]));
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

describe("each rule of places.grit, which `npm run check` applies, finds a breach of it:", () => {
  const cases = Object.entries(MISPLACED).flatMap(([rule, broken]) => {
    return broken.map((sample) => [[rule], sample] as const);
  });
  const all = [...cases, ...SOUND.map((sample) => [[], sample] as const)];
  const found = lint(all.map(([, sample]) => sample));

  test.each(all.map(([rules, sample], index) => [rules, sample, found[index]] as const))(
    "%s: %s",
    (rules, _, says) => expect(says).toEqual(rules),
  );

  test("there is a sample for every rule", () => {
    expect(Object.keys(MISPLACED).sort()).toEqual(placeRules().sort());
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
