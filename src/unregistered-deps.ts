import type { ClientDocuments } from "./client-documents/index.ts";
import { CLIENT_ID_PURPOSE, CLIENT_SECRET_PURPOSE } from "./clients/sealed-client-id.ts";
import type { Config } from "./config/index.ts";
import { deriveKeyRing, type KeyRing } from "./crypto/key-ring.ts";

/** What accepting clients needs that no operator registered. */
export interface UnregisteredDeps {
  /** The setting `REGISTRATION`. */
  readonly registration: "off" | "open" | "token";
  /** Seals the ids of clients that register themselves. */
  readonly idRing: KeyRing;
  /** Derives their secrets. */
  readonly secretRing: KeyRing;
  /** Null: the setting `CIMD` is off. */
  readonly documents: ClientDocuments | null;
  /** The setting `DENIED_CLIENTS`: ids of clients, or hosts that they redirect to. */
  readonly denied: ReadonlySet<string>;
  /** Format of the access tokens of these clients. */
  readonly accessTokenFormat: "jwt" | "opaque";
}

/**
 * Composes {@link UnregisteredDeps} from the settings.
 *
 * @param documents see {@link UnregisteredDeps.documents}
 */
export async function composeUnregistered(
  { tokenKeys, registration, deniedClients, signingKeys }: Config,
  documents: ClientDocuments | null,
): Promise<UnregisteredDeps> {
  const [idRing, secretRing] = await Promise.all([
    deriveKeyRing(tokenKeys, CLIENT_ID_PURPOSE),
    deriveKeyRing(tokenKeys, CLIENT_SECRET_PURPOSE),
  ]);
  return {
    registration,
    idRing,
    secretRing,
    documents,
    denied: new Set(deniedClients),
    // An API of any kind can check a JWT.
    accessTokenFormat: signingKeys !== null ? "jwt" : "opaque",
  };
}
