/**
 * The management API for clients, shared by HTTP and RPC: validates untrusted input, calls
 * `../clients.ts` and writes an audit event. All functions throw ManagementError, and Unavailable
 * when D1 fails.
 */

import { invalid } from "../../errors/management-error.ts";
import { mergePatch } from "../../protocol/merge-patch.ts";
import { rotateClientSecret } from "../client-secrets.ts";
import type { ClientView } from "../clients.ts";
import * as clients from "../clients.ts";
import type { AdminDeps } from "../deps.ts";
import type { Listing } from "../listing.ts";
import type { LogoutView } from "../logouts.ts";
import * as logouts from "../logouts.ts";
import { unknownScopes } from "../scope-names.ts";
import { type ApiContext, auditCall } from "./context.ts";
import { clientIdInput, pageInput, read, readObject, rotationInput } from "./input.ts";

/** A client, with its secret if that was just generated: it is not shown again. */
export interface ClientWithSecret extends ClientView {
  readonly client_secret?: string;
}

/** Lists clients by id, one page. */
export async function listClients(
  input: unknown,
  { deps }: ApiContext,
): Promise<Listing<ClientView>> {
  return clients.listClients(read(pageInput, input), deps);
}

/** Creates a client. Rejected as `already_exists` if the id exists. */
export async function createClient(input: unknown, context: ApiContext): Promise<ClientWithSecret> {
  const entry = readObject(input);
  requireKnownScopes(entry, context);
  const { clientId, secret } = await clients.createClient(entry, context.deps);
  auditCall("create_client", { clientId }, context);
  // A secret that the caller supplied is not returned.
  return withSecret(clientId, "client_secret" in entry ? null : secret, context);
}

/** Returns a client. */
export async function getClient(id: unknown, { deps }: ApiContext): Promise<ClientView> {
  return clients.showClient(read(clientIdInput, id), deps);
}

/** Changes fields of a client with a merge patch (RFC 7396). */
export async function updateClient(
  id: unknown,
  patch: unknown,
  context: ApiContext,
): Promise<ClientWithSecret> {
  const clientId = read(clientIdInput, id);
  const changes = readObject(patch);
  requireKnownScopes(changes, context);
  const secret = await changeFields(clientId, changes, context.deps);
  auditCall("update_client", { clientId }, context);
  return withSecret(clientId, secret, context);
}

/** @returns a new secret, or null */
async function changeFields(
  clientId: string,
  changes: Readonly<Record<string, unknown>>,
  deps: AdminDeps,
): Promise<string | null> {
  const { disabled, ...others } = changes;
  if (typeof disabled !== "boolean" || Object.keys(others).length > 0) {
    return (await clients.updateClient(clientId, changes, deps, mergePatch)).secret;
  }
  // Also for a client that no operator registered, whose other fields cannot be changed.
  await clients.setClientDisabled(clientId, disabled, deps);
  return null;
}

/** Generates a new secret. The old one stays valid until the given time. */
export async function rotateSecret(
  id: unknown,
  input: unknown,
  nowMs: number,
  context: ApiContext,
): Promise<ClientWithSecret> {
  const clientId = read(clientIdInput, id);
  const endsAt = read(rotationInput, input).previous_secret_ends_at;
  const oldEndsAtMs = endsAt === undefined ? null : new Date(endsAt).getTime();
  const endsOld = oldEndsAtMs !== null && oldEndsAtMs <= nowMs;
  const rotation = { secret: null, oldEndsAtMs, endsOld };
  const { secret } = await rotateClientSecret(clientId, rotation, context.deps);
  auditCall("rotate_client_secret", { clientId }, context);
  return withSecret(clientId, secret, context);
}

/** Revokes all tokens of a client, which may request new ones. */
export async function endClientSessions(id: unknown, context: ApiContext): Promise<void> {
  const clientId = read(clientIdInput, id);
  await clients.endClientSessions(clientId, context.deps);
  auditCall("end_client_sessions", { clientId }, context);
}

/** Lists the logouts that a client is told of, the latest first, one page. */
export async function listLogouts(
  id: unknown,
  input: unknown,
  { deps }: ApiContext,
): Promise<Listing<LogoutView>> {
  return logouts.listLogouts(read(clientIdInput, id), read(pageInput, input), deps);
}

/** Deletes a client and ends all of its sessions. */
export async function deleteClient(id: unknown, context: ApiContext): Promise<void> {
  const clientId = read(clientIdInput, id);
  await clients.deleteClient(clientId, context.deps);
  auditCall("delete_client", { clientId }, context);
}

/** @throws ManagementError `invalid` when a scope is not in SCOPES */
function requireKnownScopes(
  fields: Readonly<Record<string, unknown>>,
  { deps: { scopes } }: ApiContext,
): void {
  const named = (field: string) => (typeof fields[field] === "string" ? fields[field] : undefined);
  const client = { scope: named("scope"), default_scope: named("default_scope") };
  const problems = scopes === undefined ? [] : unknownScopes(client, scopes);
  if (problems.length > 0) throw invalid(...problems);
}

async function withSecret(
  clientId: string,
  secret: string | null,
  { deps }: ApiContext,
): Promise<ClientWithSecret> {
  const shown = await clients.showClient(clientId, deps);
  return secret === null ? shown : { ...shown, client_secret: secret };
}
