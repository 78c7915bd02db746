import type { Session } from "../tokens/session.ts";
import type { IssueTools } from "./issued.ts";
import { endFamily } from "./revoke.ts";

/**
 * Lists a login for people, after the answer. A user who has as many sessions as one user may have
 * loses the one that was refreshed least recently.
 *
 * @throws Unavailable
 */
export async function noteSession(session: Session, tools: IssueTools): Promise<void> {
  const displaced = await tools.sessions.note(session);
  if (displaced === null) return;
  const { familyId, clientId } = displaced;
  await endFamily(familyId, clientId, "too_many_sessions", tools);
}
