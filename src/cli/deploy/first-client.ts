import { randomBytes } from "node:crypto";
import type { PasswordKinds } from "../../crypto/passwords.ts";
import { apply } from "../../declarative/apply.ts";
import { parseRegistryFile } from "../../declarative/registry-file.ts";
import { hasClients } from "../../storage/maintenance.ts";
import { createRegistry } from "../../storage/registry.ts";

/** What a new client needs to know of itself. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly secret: string;
}

/**
 * Makes a client in a database that has none.
 *
 * @param show is given the credentials before they are good for anything: whatever comes between,
 *   no client is left whose secret nobody has seen
 * @returns null when there is a client already
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
    // There is no user in it.
    passwordLengthMin: 0,
    newUserId: () => crypto.randomUUID(),
  });
  return credentials;
}
