import { randomBytes } from "node:crypto";
import type { PasswordKinds } from "../../crypto/passwords.ts";
import { apply } from "../../declarative/apply.ts";
import { parseRegistryFile } from "../../declarative/registry-file.ts";
import { hasClients } from "../../storage/maintenance.ts";
import { createRegistry } from "../../storage/registry.ts";

/** The credentials of a new client. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly secret: string;
}

/**
 * Creates a client in a database that has none.
 *
 * @param show receives the credentials before the client is written, so that no failure leaves a
 *   client whose secret was never shown
 * @returns null when a client already exists
 * @throws Unavailable when D1 fails
 */
export async function makeFirstClient(
  db: D1Database,
  kinds: PasswordKinds,
  show: (credentials: ClientCredentials) => void,
): Promise<ClientCredentials | null> {
  if (await hasClients(db)) return null;
  const credentials = { clientId: "first-client", secret: randomBytes(32).toString("hex") };
  const client = {
    client_id: credentials.clientId,
    client_secret: credentials.secret,
    client_name: "Made by the first deployment",
    grant_types: ["password", "refresh_token", "client_credentials"],
  };
  show(credentials);
  await apply(parseRegistryFile(JSON.stringify({ clients: [client] })), {
    registry: createRegistry(db),
    ...kinds,
    // The file has no users.
    passwordLengthMin: 0,
    newUserId: () => crypto.randomUUID(),
  });
  return credentials;
}
