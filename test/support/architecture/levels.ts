import { breach, type Import, importsOf } from "./code.ts";
import { partOf, type Rule, type Source } from "./tree.ts";

/** The parts of src/. Each imports those below it, and never one on its own line or above. */
export const LEVELS: readonly (readonly string[])[] = [
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
  ["tokens", "pages"],
  ["crypto"],
  ["isolate.ts"],
  ["errors"],
  ["protocol", "telemetry"],
];

/** Parts that import fewer than all below them. `part#name` is that name alone. */
const NARROWER: Readonly<Record<string, readonly string[]>> = {
  cli: [
    ...["openapi", "pages", "admin", "declarative", "django-import", "grants", "config"],
    ...["isolate.ts", "storage", "crypto", "errors", "protocol", "telemetry"],
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
    "issuer#introspect",
    "issuer#verifyFast",
    "storage#createLookups",
    "admin",
    "tokens",
    "errors",
    "protocol",
    "telemetry",
  ],
  backchannel: [
    "deps.ts",
    "early-deps.ts",
    "issuer#mintLogoutToken",
    "isolate.ts",
    "protocol#USER_AGENT",
    "storage",
    "telemetry",
  ],
  "resource-server": ["crypto", "protocol"],
  client: [],
  testing: ["resource-server"],
  grants: ["users", "clients", "storage", "tokens", "crypto", "errors", "protocol", "telemetry"],
  authorization: ["clients", "storage", "errors", "protocol"],
  pages: ["crypto"],
  config: ["tokens", "rate-limit", "clients", "crypto", "errors", "protocol"],
};

function depthOf(part: string): number {
  return LEVELS.findIndex((level) => level.includes(part));
}

function problemOf(source: Source, { path, names }: Import): string | null {
  const from = source.part;
  if (path === null) return null;
  const to = partOf(path) ?? path;
  if (depthOf(to) === -1) return `imports ${to}, which has no level`;
  if (to === from) return null;
  if (depthOf(to) <= depthOf(from)) return `${from} must not import ${to}`;
  const allowed = NARROWER[from];
  if (allowed === undefined || allowed.includes(to)) return null;
  const foreign = names.filter((name) => !allowed.includes(`${to}#${name}`));
  return foreign.length > 0 ? `${from} must not import ${foreign.join(", ")} of ${to}` : null;
}

/** Imports go only to lower levels: never up, and never between the parts of one level. */
export const importsGoDown: Rule = ({ src }) => {
  return src.flatMap((source) => {
    if (depthOf(source.part) === -1) return [`${source.path}:1: has no level`];
    return importsOf(source).flatMap((found) => {
      const problem = problemOf(source, found);
      return problem === null ? [] : [breach(source, found.node, problem)];
    });
  });
};
