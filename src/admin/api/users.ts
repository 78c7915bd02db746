/**
 * What applications may do to users: the functions of `../users.ts` for callers that may send
 * anything. Over HTTP and RPC alike, each checks its input, does its work and is audited. All throw
 * ManagementError, and Unavailable when D1 fails.
 */

import { ManagementError } from "../../errors/management-error.ts";
import { mergePatch } from "../../protocol/merge-patch.ts";
import { findUser } from "../change-user.ts";
import type { Listing } from "../listing.ts";
import type { SessionView } from "../sessions.ts";
import * as sessions from "../sessions.ts";
import type { UserView } from "../users.ts";
import * as users from "../users.ts";
import { type ApiContext, auditCall, noteUser } from "./context.ts";
import {
  pageInput,
  passwordInput,
  read,
  readObject,
  sessionIdInput,
  userKeyInput,
  userPageInput,
} from "./input.ts";

/** Lists users by name, a page at a time, or the one user of a name. */
export async function listUsers(input: unknown, { deps }: ApiContext): Promise<Listing<UserView>> {
  const { username, ...page } = read(userPageInput, input);
  if (username === undefined) return users.listUsers(page, deps);
  try {
    return { items: [await users.showUser({ username }, deps)], next: null };
  } catch (error) {
    if (error instanceof ManagementError && error.reason === "not_found") {
      return { items: [], next: null };
    }
    throw error;
  }
}

/** Makes a user. A second call with the same name is refused as `already_exists`. */
export async function createUser(input: unknown, context: ApiContext): Promise<UserView> {
  const id = await users.createUser(readObject(input), context.deps);
  auditCall("create_user", { userId: id }, context);
  return users.showUser({ id }, context.deps);
}

/** Shows a user. */
export async function getUser(key: unknown, { deps }: ApiContext): Promise<UserView> {
  const shown = await users.showUser(read(userKeyInput, key), deps);
  noteUser({ userId: shown.id });
  return shown;
}

/** Changes name, claims or state of a user, by a merge patch (RFC 7396). */
export async function updateUser(
  key: unknown,
  patch: unknown,
  context: ApiContext,
): Promise<UserView> {
  const id = await idOf(key, context);
  await users.updateUser({ id }, readObject(patch), context.deps, mergePatch);
  auditCall("update_user", { userId: id }, context);
  return users.showUser({ id }, context.deps);
}

/** Gives a user another password, which ends every session of the user. */
export async function setPassword(
  key: unknown,
  input: unknown,
  context: ApiContext,
): Promise<void> {
  const { password } = read(passwordInput, input);
  await change("set_password", key, context, (id) => {
    return users.setPassword({ id }, password, context.deps);
  });
}

/** Gives a user a password that is made here, and shown this once; every session ends. */
export function resetPassword(key: unknown, context: ApiContext): Promise<{ password: string }> {
  return change("reset_password", key, context, async (id) => {
    return { password: await users.resetPassword({ id }, context.deps) };
  });
}

/** Forgets the failed logins of a user, who may try again at once. */
export function unlockUser(key: unknown, context: ApiContext): Promise<void> {
  return change("unlock_user", key, context, (id) => users.unlockUser({ id }, context.deps));
}

/** Ends every session of a user, who can log in again. */
export function endSessions(key: unknown, context: ApiContext): Promise<void> {
  return change("end_user_sessions", key, context, (id) => {
    return users.endSessions({ id }, context.deps);
  });
}

/** Lists the sessions of a user that have not ended, a page at a time. */
export async function listSessions(
  key: unknown,
  input: unknown,
  context: ApiContext,
): Promise<Listing<SessionView>> {
  const page = read(pageInput, input);
  return sessions.listSessions({ id: await idOf(key, context) }, page, context.deps);
}

/** Ends one session of a user. */
export function endSession(key: unknown, sessionId: unknown, context: ApiContext): Promise<void> {
  const named = read(sessionIdInput, sessionId);
  return change("end_session", key, context, (id) => {
    return sessions.endSession({ id }, named, context.deps);
  });
}

/** Deletes a user, which ends every session of the user. */
export function deleteUser(key: unknown, context: ApiContext): Promise<void> {
  return change("delete_user", key, context, (id) => users.deleteUser({ id }, context.deps));
}

/** Does something to a user and tells whoever watches. */
export async function change<Result>(
  operation: string,
  key: unknown,
  context: ApiContext,
  work: (id: string) => Promise<Result>,
): Promise<Result> {
  const id = await idOf(key, context);
  const result = await work(id);
  auditCall(operation, { userId: id }, context);
  return result;
}

async function idOf(key: unknown, { deps }: ApiContext): Promise<string> {
  const { id } = await findUser(read(userKeyInput, key), deps);
  noteUser({ userId: id });
  return id;
}
