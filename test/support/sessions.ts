import { env } from "cloudflare:workers";

/** Writes down a session of a user, as a login does, with a family that never began. */
export async function newSession(userId: string, clientId = "client"): Promise<string> {
  const familyId = env.REFRESH_FAMILIES.newUniqueId().toString();
  const nowMs = Date.now();
  await env.DB.prepare(
    `INSERT INTO sessions (user_id, family_id, client_id, label, created_at_ms,
       last_refreshed_at_ms, needed_until_ms) VALUES (?, ?, ?, 'a test', ?, ?, ?)`,
  )
    .bind(userId, familyId, clientId, nowMs, nowMs, nowMs + 3_600_000)
    .run();
  return familyId;
}

/** Writes down that a user is signed in in a browser. @returns the `sid` */
export async function newBrowserSession(userId: string): Promise<string> {
  const sessionId = crypto.randomUUID().replaceAll("-", "");
  const nowMs = Date.now();
  await env.DB.prepare(
    `INSERT INTO browser_sessions (session_id, user_id, cookie_id, label, created_at_ms,
       authenticated_at_ms, needed_until_ms) VALUES (?1, ?2, '', 'a test', ?3, ?3, ?4)`,
  )
    .bind(sessionId, userId, nowMs, nowMs + 3_600_000)
    .run();
  return sessionId;
}
