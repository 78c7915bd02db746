import { audit, setLogFields } from "../../telemetry/request-log.ts";
import type { AdminDeps } from "../deps.ts";

/** The authorised caller of the management API, and its dependencies. */
export interface ApiContext {
  readonly deps: AdminDeps;
  /** A client id, or the `actor` of a service binding; null: the binding has none. */
  readonly actor: string | null;
}

/**
 * Creates the context of a call. Its registry writes audit events with the caller:
 * `client:ID`, `binding:ACTOR`, or `binding` for a binding without an actor.
 */
export function contextOf(
  deps: AdminDeps,
  kind: "client" | "binding",
  actor: string | null,
): ApiContext {
  const registry = deps.registry.as(actor === null ? kind : `${kind}:${actor}`);
  return { deps: { ...deps, registry }, actor };
}

/** The subject of a call. */
type Concerned =
  | { readonly userId: string; readonly clientId?: string }
  | { readonly clientId: string }
  /** A resource: the text of a caller is not logged. */
  | Readonly<Record<string, never>>;

/** Logs a change and its caller. The write itself has already stored an audit event in D1. */
export function auditCall(operation: string, concerned: Concerned, { actor }: ApiContext): void {
  noteUser(concerned);
  const who = actor === null ? {} : { actorId: actor };
  audit({ action: "managed", reason: operation, ...concerned, ...who });
}

/** Adds the user to the request's log line. */
export function noteUser(concerned: Concerned): void {
  if ("userId" in concerned) setLogFields({ userId: concerned.userId });
}
