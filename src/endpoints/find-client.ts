import type { DocumentProblem } from "../client-documents/index.ts";
import type { Client } from "../clients/client.ts";
import { isDenied, isDocumentUrl, isUnregistered } from "../clients/policy.ts";
import { deriveClientSecret, unsealClientId } from "../clients/sealed-client-id.ts";
import { unregisteredClient } from "../clients/unregistered-client.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { needsSecret } from "../protocol/names.ts";
import type { UnregisteredClient } from "../storage/unregistered-clients.ts";

/** The client of an authorization request, or why it cannot be told. */
export type FoundClient =
  | { readonly kind: "found"; readonly client: Client }
  /** Its document is not fetched for a stranger. */
  | { readonly kind: "after_sign_in" }
  /** Its document cannot be used. */
  | { readonly kind: "unusable"; readonly error: Refusal; readonly detail: string };

const REASONS = {
  rejected: "client_document_rejected",
  invalid: "client_document_invalid",
  unreachable: "client_document_unreachable",
  busy: "client_document_busy",
} as const satisfies Readonly<Record<DocumentProblem["kind"], string>>;

/**
 * Finds the client of an authorization request: its row, or else what its id says. A document is
 * asked again although there is a row, because it may have changed since.
 *
 * @param row with this id, or null
 * @param ownHost the host that the request came to
 * @param isSignedIn whether a document may be fetched
 * @throws Refusal `client_not_registered`, Unavailable
 */
export async function findClient(
  clientId: string,
  row: Client | null,
  { ownHost, isSignedIn }: { readonly ownHost: string; readonly isSignedIn: boolean },
  { unregistered }: Deps,
): Promise<FoundClient> {
  const { documents, registration, idRing, accessTokenFormat, denied } = unregistered;
  const found = (client: Client): FoundClient => {
    if (client.isDisabled || isDenied(client, denied)) throw new Refusal("client_not_registered");
    return { kind: "found", client };
  };
  // Before a document is fetched, or a user signs in for it.
  if (isDenied({ clientId, redirectUris: [] }, denied)) throw new Refusal("client_not_registered");
  if (row !== null && (row.isDisabled || !isUnregistered(row))) return found(row);
  if (documents !== null && isDocumentUrl(clientId)) {
    const find = isSignedIn ? documents.find : documents.cached;
    const outcome = await find(clientId, ownHost);
    if (outcome?.kind === "valid") {
      const facts = { clientId, registration: "document", accessTokenFormat } as const;
      return found(unregisteredClient(facts, outcome.value));
    }
    if (row !== null) return found(row);
    if (outcome === null) return { kind: "after_sign_in" };
    return { kind: "unusable", error: new Refusal(REASONS[outcome.kind]), detail: outcome.problem };
  }
  if (row !== null) return found(row);
  const opened = registration === "off" ? null : await unsealClientId(idRing, clientId);
  if (opened === null) throw new Refusal("client_not_registered");
  const facts = { clientId, registration: "dynamic", accessTokenFormat } as const;
  return found(unregisteredClient(facts, opened.metadata));
}

/**
 * What to store of a client when a user consents: null for a client of an operator, and for one
 * whose row cannot change.
 */
export async function unregisteredToStore(
  client: Client,
  { unregistered: { idRing, secretRing }, clientAuth: { clientSecrets } }: Deps,
): Promise<UnregisteredClient | null> {
  if (!isUnregistered(client) || client.secretHash !== null) return null;
  if (!needsSecret(client.authMethod)) return { client, secretHash: null };
  const { keyId = "" } = (await unsealClientId(idRing, client.clientId)) ?? {};
  const secret = await deriveClientSecret(secretRing, keyId, client.clientId);
  return { client, secretHash: await clientSecrets.makeHash(secret) };
}
