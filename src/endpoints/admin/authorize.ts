import type { Deps } from "../../deps.ts";
import { ADMIN_SCOPE } from "../../protocol/names.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { parseScope } from "../../protocol/scope.ts";
import { note } from "../../telemetry/record.ts";
import { issuerUrlOf } from "../issuer-url.ts";
import { passAsHolder } from "../pass-as-holder.ts";

/**
 * Lets in a client that acts for itself and may manage: its token has the scope `admin`, and the
 * client is registered for it at this moment. A user's token never does, whatever its scope, nor
 * one that is for some API, which could pass on what it was shown.
 *
 * @returns the client's id
 * @throws Refusal, Unavailable
 */
export async function authorizeAdmin(request: Request, deps: Deps): Promise<string> {
  const header = request.headers.get("Authorization");
  if (header === null) throw new Refusal("caller_token_missing");
  const token = /^bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) throw new Refusal("caller_token_inactive");
  const trust = await passAsHolder(request, token, deps);
  const traced = await deps.issuer.trace(token);
  if (traced === null) throw new Refusal("caller_token_inactive");
  const accounts = await deps.accounts.find(traced.query);
  const active = await traced.settle(accounts);
  if (active === null) throw new Refusal("caller_token_inactive");
  trust();
  const { clientId, subject, scope, audience } = active;
  note({ clientId });
  if (audience !== null && audience !== issuerUrlOf(request, deps)) {
    throw new Refusal("caller_token_for_another");
  }
  if (subject !== null) throw new Refusal("caller_is_user");
  const isRegistered = accounts.client(clientId)?.scope?.includes(ADMIN_SCOPE) === true;
  if (!isRegistered || !parseScope(scope)?.includes(ADMIN_SCOPE)) {
    throw new Refusal("caller_scope_insufficient");
  }
  return clientId;
}
