import { audit, setLogFields } from "../../telemetry/request-log.ts";
import type { AdminDeps } from "../deps.ts";

/** Who calls the management API, which has authorised them, and what it works with. */
export interface ApiContext {
  readonly deps: AdminDeps;
  /** A client id, or the name that a service binding gives its caller; null: it gives none. */
  readonly actor: string | null;
}

/**
 * The context of a call, with a registry whose audit events name the caller: `client:` and the
 * client id, `binding:` and its name, or `binding` when it gives none.
 */
export function contextOf(
  deps: AdminDeps,
  kind: "client" | "binding",
  actor: string | null,
): ApiContext {
  const registry = deps.registry.as(actor === null ? kind : `${kind}:${actor}`);
  return { deps: { ...deps, registry }, actor };
}

/** Whom a call concerns. */
type Concerned = { readonly userId: string } | { readonly clientId: string };

/** Tells whoever watches what was changed by whom. D1 has noted it with the change itself. */
export function auditCall(operation: string, concerned: Concerned, { actor }: ApiContext): void {
  noteUser(concerned);
  const who = actor === null ? {} : { actorId: actor };
  audit({ action: "managed", reason: operation, ...concerned, ...who });
}

/** Names the user whom a request concerns in its line of the log. */
export function noteUser(concerned: Concerned): void {
  if ("userId" in concerned) setLogFields({ userId: concerned.userId });
}
