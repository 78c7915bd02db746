/**
 * The management API for users, shared by HTTP and RPC: validates untrusted input, calls
 * `../users.ts` and writes an audit event. All functions throw ManagementError, and Unavailable
 * when D1 fails.
 */

import { ManagementError } from "../../errors/management-error.ts";
import { mergePatch } from "../../protocol/merge-patch.ts";
import type { BrowserSessionView } from "../browser-sessions.ts";
import * as browserSessions from "../browser-sessions.ts";
import { findUser } from "../change-user.ts";
import type { ConsentView } from "../consents.ts";
import * as consents from "../consents.ts";
import type { Listing } from "../listing.ts";
import type { SessionView } from "../sessions.ts";
import * as sessions from "../sessions.ts";
import type { UserView } from "../users.ts";
import * as users from "../users.ts";
import { type ApiContext, auditCall, noteUser } from "./context.ts";
import {
  clientIdInput,
  pageInput,
  passwordInput,
  read,
  readObject,
  sessionIdInput,
  userKeyInput,
  userPageInput,
} from "./input.ts";

/** Lists users by name, one page, or only the user with the given name. */
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

/** Creates a user. Rejected as `already_exists` if the name exists. */
export async function createUser(input: unknown, context: ApiContext): Promise<UserView> {
  const id = await users.createUser(readObject(input), context.deps);
  auditCall("create_user", { userId: id }, context);
  return users.showUser({ id }, context.deps);
}

/** Returns a user. */
export async function getUser(key: unknown, { deps }: ApiContext): Promise<UserView> {
  const shown = await users.showUser(read(userKeyInput, key), deps);
  noteUser({ userId: shown.id });
  return shown;
}

/** Changes name, claims, profile or state of a user with a merge patch (RFC 7396). */
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

/** Sets the password of a user and ends all of the user's sessions. */
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

/** Generates a password, returned only once, and ends all sessions of the user. */
export function resetPassword(key: unknown, context: ApiContext): Promise<{ password: string }> {
  return change("reset_password", key, context, async (id) => {
    return { password: await users.resetPassword({ id }, context.deps) };
  });
}

/** Clears the failed logins of a user, who may log in immediately. */
export function unlockUser(key: unknown, context: ApiContext): Promise<void> {
  return change("unlock_user", key, context, (id) => users.unlockUser({ id }, context.deps));
}

/** Ends all sessions of a user, who may log in again. */
export function endSessions(key: unknown, context: ApiContext): Promise<void> {
  return change("end_user_sessions", key, context, (id) => {
    return users.endSessions({ id }, context.deps);
  });
}

/** Lists the active sessions of a user, one page. */
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

/** Lists the browsers in which a user is signed in, one page. */
export async function listBrowserSessions(
  key: unknown,
  input: unknown,
  context: ApiContext,
): Promise<Listing<BrowserSessionView>> {
  const page = read(pageInput, input);
  return browserSessions.listBrowserSessions({ id: await idOf(key, context) }, page, context.deps);
}

/** Ends a browser session of a user, and all logins that began in it. */
export function endBrowserSession(
  key: unknown,
  sessionId: unknown,
  context: ApiContext,
): Promise<void> {
  const named = read(sessionIdInput, sessionId);
  return change("end_browser_session", key, context, (id) => {
    return browserSessions.endBrowserSession({ id }, named, context.deps);
  });
}

/** Lists what a user allows, one page. */
export async function listConsents(
  key: unknown,
  input: unknown,
  context: ApiContext,
): Promise<Listing<ConsentView>> {
  const page = read(pageInput, input);
  return consents.listConsents({ id: await idOf(key, context) }, page, context.deps);
}

/** Revokes what a user allowed a client, and ends all of their logins. */
export async function revokeConsent(
  key: unknown,
  client: unknown,
  context: ApiContext,
): Promise<void> {
  const clientId = read(clientIdInput, client);
  const userId = await idOf(key, context);
  await consents.revokeConsent({ id: userId }, clientId, context.deps);
  auditCall("revoke_consent", { userId, clientId }, context);
}

/** Deletes a user and ends all of the user's sessions. */
export function deleteUser(key: unknown, context: ApiContext): Promise<void> {
  return change("delete_user", key, context, (id) => users.deleteUser({ id }, context.deps));
}

/** Changes a user and logs the change. */
async function change<Result>(
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
