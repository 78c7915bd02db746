import { type ClientDocuments, createClientDocuments } from "./client-documents/index.ts";
import type { Config } from "./config/index.ts";
import { ConfigError } from "./errors/refusal.ts";
import { createDocumentStore } from "./storage/fetched-documents.ts";

/** The compatibility flag that keeps `fetch` off the origin servers of the operator's own zone. */
const STRICT_FETCH = "global_fetch_strictly_public";

/** What calls to other hosts need, apart from settings and bindings. */
export interface OutboundDeps {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Waits for that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Lets work continue after the response; its failure is logged and changes nothing. */
  readonly defer: (work: Promise<unknown>) => void;
}

/**
 * Composes the {@link ClientDocuments}. They need what a `wrangler.toml` of version 0.1 does not
 * have, and with such a file `CIMD` is off.
 *
 * @throws ConfigError
 */
export function composeClientDocuments(
  { clientDocuments: policy }: Pick<Config, "clientDocuments">,
  { FETCHED_DOCUMENTS: objects }: Partial<Env>,
  deps: OutboundDeps,
): ClientDocuments | null {
  if (policy === "off") return null;
  if (objects === undefined) throw new ConfigError("CIMD needs the binding FETCHED_DOCUMENTS");
  if (!hasStrictFetch()) throw new ConfigError(`CIMD needs the compatibility flag ${STRICT_FETCH}`);
  return createClientDocuments({ ...deps, policy, store: createDocumentStore(objects) });
}

/**
 * With the compatibility flag, a call to a URL of this Worker reaches this Worker. Without it, the
 * call reaches the origin server behind, which can be the old server at the same URL.
 *
 * @throws ConfigError when the legacy token endpoint would be this service
 */
export function requireOtherLegacyEndpoint({
  issuer,
  pathPrefix,
  legacyTokenEndpoint,
}: Pick<Config, "issuer" | "pathPrefix" | "legacyTokenEndpoint">): void {
  if (issuer === null || legacyTokenEndpoint === null || !hasStrictFetch()) return;
  const { origin } = new URL(issuer);
  const called = legacyTokenEndpoint.replace(/\/$/, "");
  if (!pathPrefix.some((prefix) => called === `${origin}${prefix}/token`)) return;
  throw new ConfigError(
    `LEGACY_TOKEN_ENDPOINT is this service, because of the compatibility flag ${STRICT_FETCH}: ` +
      "give the old server another host name",
  );
}

function hasStrictFetch(): boolean {
  return Cloudflare.compatibilityFlags[STRICT_FETCH] === true;
}
