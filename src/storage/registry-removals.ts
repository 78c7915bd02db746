import { endBrowserSession, removeBrowserSessions } from "./browser-sessions.ts";
import { removeConsentsOfClient, removeConsentsOfUser, revokeConsent } from "./consents.ts";
import { clientDeletion, userDeletion } from "./deleted-accounts.ts";
import { buildDeletion, TABLES } from "./registry-updates.ts";
import type { RegistryWrite } from "./registry-writes.ts";
import { reportEnd, reportEndForNamed, reportEndOfLogin } from "./session-clients.ts";
import { endSessionStatements, removeSessionsStatements } from "./session-rows.ts";
import { removeClientsOfUser } from "./unregistered-clients.ts";

/** The statements of a deletion or of the end of a session; none for other writes. */
export function buildRemoval(db: D1Database, write: RegistryWrite): D1PreparedStatement[] {
  switch (write.kind) {
    case "delete_client":
      return [
        clientDeletion(db, write.clientId),
        removeConsentsOfClient(db, write.clientId),
        ...buildDeletion(db, TABLES.clients, write.clientId),
      ];
    case "delete_user":
      return [
        ...reportEndForNamed(db, JSON.stringify([[write.username]])),
        ...removeSessionsStatements(db, write.username),
        removeBrowserSessions(db, write.username),
        removeClientsOfUser(db, write.username),
        removeConsentsOfUser(db, write.username),
        userDeletion(db, write.username),
        ...buildDeletion(db, TABLES.users, write.username, write.expected),
      ];
    case "end_session":
      return [
        ...reportEndOfLogin(db, write.userId, write.sessionId),
        ...endSessionStatements(db, write),
      ];
    case "end_browser_session":
      // The device may be lost: logins with offline access end too.
      return [
        endBrowserSession(db, write, "all", null),
        ...reportEnd(db, { userId: write.userId, sessionId: write.sessionId }),
      ];
    case "revoke_consent":
      return [
        revokeConsent(db, { userId: write.userId, clientId: write.consentedTo }, null),
        ...reportEnd(db, { userId: write.userId, clientId: write.consentedTo }),
      ];
    case "delete_resource":
      return buildDeletion(db, TABLES.resources, write.uri);
    default:
      return [];
  }
}
