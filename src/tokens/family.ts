/**
 * A refresh family: every refresh token that descends from one login, as a pure state machine.
 * The Durable Object around it loads the state, applies one event, stores the state.
 *
 * Invariants, whatever the events and their order:
 *  1. A generation has at most one successor, for ever: `generation` never falls, and what is
 *     needed to make the successor again (`keyId`, `rotatedAtMs`, `scope`) is never changed without
 *     `generation` rising.
 *  2. A revoked family stays revoked, with its first reason, and answers no rotation.
 *  3. A refusal changes nothing, except that reuse revokes.
 *  4. Time does not run backwards inside a family: an event dated before the last rotation counts
 *     as simultaneous with it (clocks of two Workers differ).
 */

/** Why a family was revoked. */
export type RevocationReason =
  /** A consumed refresh token came again, too late for a lost answer (RFC 9700 §4.14.2). */
  | "reuse"
  /** A generation that does not exist yet: the object's storage was rolled back. */
  | "rolled_back"
  /** The client asked (RFC 7009). */
  | "client_request"
  /** An operator or the managing application asked. */
  | "operator_request";

/** The one row that is a family. All instants in milliseconds since the epoch. */
export interface FamilyState {
  readonly clientId: string;
  readonly subject: string;
  /** The generation whose refresh token is the live one; 0 at login. */
  readonly generation: number;
  /** Id of the key that sealed the tokens of `generation`. */
  readonly keyId: string;
  /** Scope of the access token of `generation`, as on the wire; may be narrower than the login's. */
  readonly scope: string;
  /** Which attempt made `generation`; see `Continuation.attemptId`. Empty at login. */
  readonly attemptId: string;
  readonly createdAtMs: number;
  /** When `generation` came to be; equals `createdAtMs` at login. */
  readonly rotatedAtMs: number;
  readonly revoked: { readonly atMs: number; readonly reason: RevocationReason } | null;
}

/** What decides how long a family lives and how a repeated token is met. */
export interface FamilyPolicy {
  readonly idleMs: number;
  readonly absoluteMs: number;
  /** `reject`: a repeated token is refused. `same-successor`: it gets the same successor again. */
  readonly retry: "reject" | "same-successor";
  /** How long after its rotation the immediate predecessor is a race and not theft. */
  readonly retryWindowMs: number;
}

/** A wish to consume `generation` and bring the next one to life. */
export interface Rotation {
  readonly generation: number;
  /** Id of the key that would seal the successor. */
  readonly keyId: string;
  /** Scope that the successor's access token would have, as on the wire. */
  readonly scope: string;
  readonly attemptId: string;
}

/** What is needed to make the tokens of a generation; the same for every attempt. */
export interface Successor {
  readonly generation: number;
  readonly keyId: string;
  readonly scope: string;
  readonly issuedAtMs: number;
}

/** Why a rotation was refused. */
export type RotationRefusal = "unknown" | "expired" | "revoked" | "raced" | "reused";

/** What became of a rotation. `repeated` gives a successor that existed already. */
export type RotationOutcome =
  | { readonly kind: "rotated"; readonly successor: Successor }
  | { readonly kind: "repeated"; readonly successor: Successor }
  | { readonly kind: "refused"; readonly refusal: RotationRefusal };

/** A state and the outcome of the event that led to it. */
export interface RotationStep {
  readonly state: FamilyState | null;
  readonly outcome: RotationOutcome;
}

/** Whether the family's lifetimes are over at `nowMs`, to the millisecond. */
export function isExpired(state: FamilyState, nowMs: number, policy: FamilyPolicy): boolean {
  return nowMs >= expiresAtMs(state, policy);
}

/** When the family's lifetimes are over unless it is refreshed before. */
export function expiresAtMs(
  state: Pick<FamilyState, "createdAtMs" | "rotatedAtMs">,
  policy: Pick<FamilyPolicy, "idleMs" | "absoluteMs">,
): number {
  return Math.min(state.rotatedAtMs + policy.idleMs, state.createdAtMs + policy.absoluteMs);
}

/**
 * Consumes one generation, at most once.
 *
 * @param state the family, or null when there is none (never started, or cleaned up)
 * @param rotation which generation is presented, and how its successor would be made
 * @param nowMs the caller's clock
 */
export function rotate(
  state: FamilyState | null,
  rotation: Rotation,
  nowMs: number,
  policy: FamilyPolicy,
): RotationStep {
  if (state === null) return refused(state, "unknown");
  if (state.revoked !== null) return refused(state, "revoked");
  const atMs = Math.max(nowMs, state.rotatedAtMs);
  if (isExpired(state, atMs, policy)) return refused(state, "expired");
  if (rotation.generation === state.generation) return succeed(state, rotation, atMs);
  if (rotation.generation > state.generation) {
    return refused(revoke(state, "rolled_back", atMs), "unknown");
  }
  const isPredecessor = rotation.generation === state.generation - 1;
  if (!isPredecessor || atMs - state.rotatedAtMs > policy.retryWindowMs) {
    return refused(revoke(state, "reuse", atMs), "reused");
  }
  if (policy.retry === "same-successor" || rotation.attemptId === state.attemptId) {
    return { state, outcome: { kind: "repeated", successor: successorOf(state) } };
  }
  return refused(state, "raced");
}

/** Ends a family, whatever its age. Doing so again changes nothing. */
export function revoke(state: FamilyState, reason: RevocationReason, nowMs: number): FamilyState {
  return state.revoked === null ? { ...state, revoked: { atMs: nowMs, reason } } : state;
}

function succeed(state: FamilyState, rotation: Rotation, atMs: number): RotationStep {
  const next: FamilyState = {
    ...state,
    generation: state.generation + 1,
    keyId: rotation.keyId,
    scope: rotation.scope,
    attemptId: rotation.attemptId,
    rotatedAtMs: atMs,
  };
  return { state: next, outcome: { kind: "rotated", successor: successorOf(next) } };
}

function successorOf(state: FamilyState): Successor {
  const { generation, keyId, scope, rotatedAtMs } = state;
  return { generation, keyId, scope, issuedAtMs: rotatedAtMs };
}

function refused(state: FamilyState | null, refusal: RotationRefusal): RotationStep {
  return { state, outcome: { kind: "refused", refusal } };
}
