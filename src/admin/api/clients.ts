/**
 * What applications may do to clients: the functions of `../clients.ts` for callers that may send
 * anything. Over HTTP and RPC alike, each checks its input, does its work and is audited. All throw
 * ManagementError, and Unavailable when D1 fails.
 */

import { invalid } from "../../errors/management-error.ts";
import { mergePatch } from "../../protocol/merge-patch.ts";
import { rotateClientSecret } from "../client-secrets.ts";
import type { ClientView } from "../clients.ts";
import * as clients from "../clients.ts";
import type { Listing } from "../listing.ts";
import { unknownScopes } from "../scope-names.ts";
import { type ApiContext, auditCall } from "./context.ts";
import { clientIdInput, pageInput, read, readObject, rotationInput } from "./input.ts";

/** A client, and its secret where one was just made: it is shown this once. */
export interface ClientWithSecret extends ClientView {
  readonly client_secret?: string;
}

/** Lists clients by id, a page at a time. */
export async function listClients(
  input: unknown,
  { deps }: ApiContext,
): Promise<Listing<ClientView>> {
  return clients.listClients(read(pageInput, input), deps);
}

/** Makes a client. A second call with the same id is refused as `already_exists`. */
export async function createClient(input: unknown, context: ApiContext): Promise<ClientWithSecret> {
  const entry = readObject(input);
  requireKnownScopes(entry, context);
  const { clientId, secret } = await clients.createClient(entry, context.deps);
  auditCall("create_client", { clientId }, context);
  // A secret that the caller brought is not sent back.
  return withSecret(clientId, "client_secret" in entry ? null : secret, context);
}

/** Shows a client. */
export async function getClient(id: unknown, { deps }: ApiContext): Promise<ClientView> {
  return clients.showClient(read(clientIdInput, id), deps);
}

/** Changes fields of a client, by a merge patch (RFC 7396). */
export async function updateClient(
  id: unknown,
  patch: unknown,
  context: ApiContext,
): Promise<ClientWithSecret> {
  const clientId = read(clientIdInput, id);
  const changes = readObject(patch);
  requireKnownScopes(changes, context);
  const { secret } = await clients.updateClient(clientId, changes, context.deps, mergePatch);
  auditCall("update_client", { clientId }, context);
  return withSecret(clientId, secret, context);
}

/** Makes a new secret, beside which the old one stays valid for as long as is said. */
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

/** Ends every token of a client, which may ask for others. */
export async function endClientSessions(id: unknown, context: ApiContext): Promise<void> {
  const clientId = read(clientIdInput, id);
  await clients.endClientSessions(clientId, context.deps);
  auditCall("end_client_sessions", { clientId }, context);
}

/** Deletes a client, which ends every session of it. */
export async function deleteClient(id: unknown, context: ApiContext): Promise<void> {
  const clientId = read(clientIdInput, id);
  await clients.deleteClient(clientId, context.deps);
  auditCall("delete_client", { clientId }, context);
}

/** @throws ManagementError `invalid` when a scope is named that the service does not have */
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
