import { env } from "cloudflare:workers";
import type { Service } from "./service.ts";

/** Records of "correct horse" as Django makes them, by `crypto.pbkdf2Sync` of Node. */
export const DJANGO_RECORDS = {
  /** Within one call of WebCrypto. */
  short: "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=",
  /** The shortest that is beyond one call. */
  long: "pbkdf2_sha256$100001$P0rTeR7uYgHbNmKl4Jq2Wa$EnphNIhPjtUMJGR/PTJ/+Eturh7WWtVc+7u4A4gJXt0=",
  /** The longest that is checked. */
  longest:
    "pbkdf2_sha256$2000000$Zq3vYw0kJt8RmN5bLx7HdC$D11oMQm9wwsgzE3wspgs/nLjq0f+0ttcJ2pO5WzEUhM=",
} as const;

/** Puts a user with this record into D1, as an import does. */
export async function setPasswordRecord(username: string, record: string): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("DELETE FROM users WHERE username = ?").bind(username),
    env.DB.prepare("INSERT INTO users (id, username, password_record) VALUES (?, ?, ?)").bind(
      crypto.randomUUID(),
      username,
      record,
    ),
  ]);
}

/** The record that a user has now. */
export async function passwordRecordOf(username: string): Promise<string> {
  const query = env.DB.prepare("SELECT password_record FROM users WHERE username = ?");
  return (await query.bind(username).first<string>("password_record")) ?? "";
}

/** Puts a client with this secret record into D1, as an import does. */
export async function setSecretRecord(
  service: Service,
  client_id: string,
  record: string,
): Promise<void> {
  const grant_types = ["client_credentials"];
  // A file does not bring a secret back that a command has rotated.
  await env.DB.prepare("DELETE FROM clients WHERE client_id = ?").bind(client_id).run();
  await service.register({ clients: [{ client_id, client_secret: "secret", grant_types }] });
  await env.DB.prepare(
    `UPDATE clients SET secret_record = ?, previous_secret_record = NULL, disabled = 0
     WHERE client_id = ?`,
  )
    .bind(record, client_id)
    .run();
}

/** The secret records that a client has now: the current one and the previous one. */
export async function secretRecordsOf(clientId: string): Promise<(string | null)[]> {
  const query = env.DB.prepare(
    "SELECT secret_record, previous_secret_record FROM clients WHERE client_id = ?",
  );
  const [row] = await query.bind(clientId).raw<(string | null)[]>();
  return row ?? [];
}
