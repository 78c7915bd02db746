import type {
  CredentialSource,
  FindKeys,
  KeySet,
  PresentedCredentials,
} from "../client-auth/authenticator.ts";
import { CLIENT_AUTHENTICATORS } from "../client-auth/index.ts";
import type { ClientDocuments, Outcome } from "../client-documents/index.ts";
import type { Client } from "../clients/client.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import type { Params } from "../protocol/params.ts";
import type { Lookups } from "../storage/lookups.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import type { RequestContext } from "./request-context.ts";
import { assertionAudiences } from "./urls.ts";

/**
 * Authenticates the client of a request. Sends the lookups that were started before.
 *
 * @throws Refusal of a reason that becomes `invalid_client`, and those of {@link readClient}
 * @throws Unavailable
 */
export async function authenticateClient(
  context: RequestContext,
  params: Params,
  lookups: Lookups,
  deps: Deps,
  isIssuedTo?: IsIssuedTo,
): Promise<Client> {
  const credentials = await readClient(context, params, deps);
  return verifyClient(context, credentials, lookups, deps, isIssuedTo);
}

/** Whether the service issued a token of the request to this client. */
type IsIssuedTo = (clientId: string) => Promise<boolean>;

/**
 * The first half of {@link authenticateClient}: reads the credentials and applies the address
 * filter. Without lookups.
 *
 * @throws Refusal when there are no credentials, two methods are used, or the address makes too
 *   many requests
 */
export async function readClient(
  context: RequestContext,
  params: Params,
  deps: Deps,
): Promise<PresentedCredentials> {
  const { request, address } = context;
  const authorization = request.headers.get("Authorization");
  const audiences = params.has("client_assertion") ? assertionAudiences(context, deps) : [];
  const credentials = readCredentials({ authorization, params, address, audiences });
  await deps.addressFilter.limit(address, credentials.clientId);
  return credentials;
}

/** The second half of {@link authenticateClient}. */
export async function verifyClient(
  context: RequestContext,
  credentials: PresentedCredentials,
  lookups: Lookups,
  deps: Deps,
  isIssuedTo: IsIssuedTo = async () => false,
): Promise<Client> {
  const { origin } = context;
  const lookup = lookups.client(credentials.clientId);
  const originLookup = origin === null ? null : lookups.isOriginAllowed(origin);
  const verification = credentials.verify(lookup, deps.clientAuth, (...wanted) =>
    findKeys(context, isIssuedTo, deps, ...wanted),
  );
  // Awaited below, after what its failure is reported with.
  verification.catch(() => {});
  if (origin !== null && originLookup !== null) {
    context.isOriginAllowed = await originLookup;
    deps.allowedOrigins.record(origin, context.isOriginAllowed);
  }
  const client = await lookup;
  // The id of an unknown client is a caller's text and must not be logged.
  if (client !== null) setLogFields({ clientId: client.clientId });
  const verified = await verification;
  if (origin !== null) context.isOriginAllowed = verified.allowedOrigins.includes(origin);
  if (verified.authMethod !== "none") {
    deps.addressFilter.exempt(context.address, verified.clientId);
  }
  return verified;
}

/**
 * Reads the client credentials of a request, unverified.
 *
 * @throws Refusal when there are none, or they are malformed
 */
function readCredentials(source: CredentialSource): PresentedCredentials {
  const [scheme = ""] = (source.authorization ?? "").trim().toLowerCase().split(/\s/);
  const used = CLIENT_AUTHENTICATORS.find((method) => {
    return method.scheme === scheme || method.parameters.some((name) => source.params.has(name));
  });
  if (used === undefined) throw new Refusal("client_credentials_missing");
  return used.read(source);
}

/**
 * The keys of a client. Those at a `jwks_uri` or in a metadata document are only fetched for a
 * request that has a code or token of the client: a stranger must not make the service call other
 * hosts. Without the document, the keys that it had at the last consent apply.
 */
async function findKeys(
  { url }: RequestContext,
  isIssuedTo: IsIssuedTo,
  { unregistered: { documents }, clock }: Deps,
  ...[client, wanted]: Parameters<FindKeys>
): Promise<KeySet | null> {
  const { clientId, registration, jwks, jwksUri } = client;
  const stored = wanted === "known" ? jwks : null;
  const isFetched = jwksUri !== null || registration === "document";
  if (!isFetched || documents === null || !(await isIssuedTo(clientId))) return stored;
  const sinceMs = wanted === "known" ? 0 : clock();
  const outcome = await fetchKeys(client, url.host, sinceMs, documents);
  if (outcome.kind === "valid") return outcome.value;
  const isTemporary = outcome.kind === "busy" || outcome.kind === "unreachable";
  if (isTemporary && stored === null) throw new Refusal("client_keys_unavailable");
  return stored;
}

/**
 * A document may say where its keys are in another way than at the last consent, of which the user
 * sees nothing. It is asked if the URL of that time has no keys, or not those that are wanted.
 */
async function fetchKeys(
  { clientId, registration, jwksUri }: Client,
  host: string,
  sinceMs: number,
  documents: ClientDocuments,
): Promise<Outcome<KeySet>> {
  const findAt = (uri: string) => documents.findKeys(uri, host, sinceMs);
  if (jwksUri !== null && registration !== "document") return findAt(jwksUri);
  const known = jwksUri !== null && sinceMs === 0 ? await findAt(jwksUri) : null;
  if (known?.kind === "valid") return known;
  const described = await documents.find(clientId, host, jwksUri === null ? sinceMs : 0);
  if (described.kind !== "valid") {
    return known ?? (jwksUri === null ? described : findAt(jwksUri));
  }
  const { jwks, jwks_uri: uri } = described.value;
  if (jwks) return { kind: "valid", value: jwks };
  return uri === undefined ? { kind: "invalid", problem: "has no keys" } : findAt(uri);
}
