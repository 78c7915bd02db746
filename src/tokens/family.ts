/**
 * A refresh family: every refresh token that descends from one login, as a pure state machine.
 * The Durable Object around it loads the state, applies one event, stores the state.
 *
 * Invariants, whatever the events and their order:
 *  1. A generation never has more than one successor: `generation` never decreases, and what makes
 *     the tokens of a generation (see {@link Generation}) does not change while it is the live one.
 *  2. A revoked family stays revoked, with its first reason, and cannot be rotated.
 *  3. A rejected rotation changes nothing, except that reuse revokes.
 *  4. An event dated before the last rotation counts as simultaneous (clocks of Workers differ).
 */

/** Why a family was revoked. */
export type RevocationReason =
  /** A consumed refresh token was reused after the retry window (RFC 9700 §4.14.2). */
  | "reuse"
  /** A generation that does not exist yet: the object's storage was rolled back. */
  | "rolled_back"
  /** The client revoked it (RFC 7009), or an operator or an application ended the session. */
  | "client_request"
  /** The user has too many sessions, and this was the least recently used. */
  | "too_many_sessions"
  | "management"
  /** The user ended it on the account page. */
  | "account_page"
  /** Its code was reused (RFC 6749 §4.1.2). */
  | "code_reuse";

/** Determines the tokens of one generation. */
export interface Generation {
  /** 0 at login, one more with each rotation. */
  readonly generation: number;
  /** Id of the key that seals its tokens. */
  readonly keyId: string;
  /** Scope of its access token, space-separated; may be narrower than the login's. */
  readonly scope: string;
  /** The API that its access token is for, or null. */
  readonly audience: string | null;
  /** All instants are milliseconds since the epoch. */
  readonly issuedAtMs: number;
  readonly accessTokenExpiresAtMs: number;
  /** Whether an opaque access token contains its content; absent: made by an earlier version. */
  readonly sealsContent?: true;
}

/** What a caller decides about a {@link Generation}. */
type Terms = Pick<Generation, "keyId" | "scope" | "audience" | "sealsContent">;

/** The state of a family. Stored in Durable Objects: property names cannot change. */
export interface FamilyState {
  readonly clientId: string;
  readonly subject: string;
  readonly createdAtMs: number;
  /** The generation whose tokens are valid. */
  readonly live: Generation;
  /** The attempt that made {@link live}; see `RefreshOutcome`. Empty at login. */
  readonly attemptId: string;
  /** How it began; absent: with a login. */
  readonly begunBy?: "code" | "imported";
  /** Of the authorization code that began it; absent: none did. */
  readonly codeDigest?: string;
  /** The origin of the request for {@link live}, as a keyed digest; absent: unknown, or a login. */
  readonly origin?: string | undefined;
  readonly revoked: { readonly atMs: number; readonly reason: RevocationReason } | null;
}

/** Lifetimes of a family, in milliseconds, and how reuse of a token is treated. */
export interface FamilyPolicy {
  readonly accessTokenMs: number;
  /** A family expires if it is not refreshed for this long. */
  readonly idleMs: number;
  /** A family expires this long after its login, refreshed or not. */
  readonly absoluteMs: number;
  /** For reuse within the window: `reject`, or return the same successor again. */
  readonly retry: "reject" | "same-successor";
  /** How long after a rotation reuse of the predecessor is a race and not theft. */
  readonly retryWindowMs: number;
}

/**
 * A family whose generation 0 exists outside of its object: an imported refresh token, or an
 * authorization code. The object has no row until that is consumed or ended, and then keeps one for
 * as long as it could look unused.
 */
export interface LazyFamily {
  readonly state: FamilyState;
  readonly keptUntilMs: number;
}

/** A login that begins a family. */
export interface Login extends Terms {
  readonly clientId: string;
  readonly subject: string;
}

/** A request to consume `generation` and make the next one. */
export interface Rotation extends Terms {
  readonly generation: number;
  readonly attemptId: string;
  /** The origin of the request, as a digest under the key {@link keyId}; absent: unknown. */
  readonly origin?: string | undefined;
}

/** Why a rotation was rejected. */
export type RotationRefusal = "unknown" | "expired" | "revoked" | "raced" | "reused";

/** The result of a rotation. */
export type RotationOutcome =
  /** The generation was consumed now, or earlier by an attempt that may be repeated. */
  | {
      readonly kind: "rotated" | "repeated";
      readonly successor: Generation;
      readonly isSameOrigin?: boolean;
      /** If repeated: whether it has the `attemptId` of the rotation. */
      readonly isSameAttempt?: boolean;
    }
  /** `ended` is the generation whose tokens were revoked by this reuse. */
  | {
      readonly kind: "refused";
      readonly refusal: RotationRefusal;
      readonly ended: Generation | null;
      /** Whether the request has the origin of the rotation; absent: unknown. */
      readonly isSameOrigin?: boolean;
    };

/** The state after a rotation, and its outcome. */
export interface RotationStep {
  readonly state: FamilyState | null;
  readonly outcome: RotationOutcome;
}

/** Begins a family at generation 0. */
export function begin(
  login: Login,
  nowMs: number,
  policy: Pick<FamilyPolicy, "accessTokenMs">,
): FamilyState {
  const { clientId, subject } = login;
  const live = generationAt(0, login, nowMs, policy);
  return { clientId, subject, createdAtMs: nowMs, live, attemptId: "", revoked: null };
}

/**
 * Consumes one generation, at most once.
 *
 * @param state the family, or null if there is none (never begun, or removed)
 * @param rotation the presented generation, and how to make its successor
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
  const atMs = Math.max(nowMs, state.live.issuedAtMs);
  if (atMs >= endsAtMs(state, policy)) return refused(state, "expired");
  if (rotation.generation === state.live.generation) return advance(state, rotation, atMs, policy);
  if (rotation.generation > state.live.generation) {
    return refused(state, "unknown", revoke(state, "rolled_back", atMs));
  }
  const isPredecessor = rotation.generation === state.live.generation - 1;
  const origin = compareOrigins(state, rotation);
  if (!isPredecessor || atMs - state.live.issuedAtMs > policy.retryWindowMs) {
    return refused(state, "reused", revoke(state, "reuse", atMs), origin);
  }
  const isSameAttempt = rotation.attemptId === state.attemptId;
  if (policy.retry === "same-successor" || isSameAttempt) {
    const outcome = { kind: "repeated", successor: state.live, isSameAttempt, ...origin } as const;
    return { state, outcome };
  }
  return refused(state, "raced", state, origin);
}

/** Unknown if either origin is unknown, or the digests use different keys. */
function compareOrigins(
  { live, origin }: FamilyState,
  { keyId, origin: other }: Rotation,
): { isSameOrigin?: boolean } {
  if (origin === undefined || other === undefined || keyId !== live.keyId) return {};
  return { isSameOrigin: origin === other };
}

/** The generation that {@link rotate} would make, so that tokens can be made before it consumes. */
export function nextGeneration(
  predecessor: Pick<Generation, "generation" | "issuedAtMs">,
  rotation: Terms,
  nowMs: number,
  policy: Pick<FamilyPolicy, "accessTokenMs">,
): Generation {
  const issuedAtMs = Math.max(nowMs, predecessor.issuedAtMs);
  return generationAt(predecessor.generation + 1, rotation, issuedAtMs, policy);
}

/** Revokes a family of any age. Can be repeated. */
export function revoke(state: FamilyState, reason: RevocationReason, nowMs: number): FamilyState {
  return state.revoked === null ? { ...state, revoked: { atMs: nowMs, reason } } : state;
}

/** Whether the access token of `generation` is valid at `nowMs`. */
export function isAccessTokenLive(state: FamilyState, generation: number, nowMs: number): boolean {
  if (state.revoked !== null || generation !== state.live.generation) return false;
  return nowMs < state.live.accessTokenExpiresAtMs;
}

/** When both the refresh token and the access token of the family have expired. */
export function neededUntilMs(state: FamilyState, policy: FamilyPolicy): number {
  return Math.max(endsAtMs(state, policy), state.live.accessTokenExpiresAtMs);
}

/** When the family expires unless it is refreshed. */
function endsAtMs({ createdAtMs, live }: FamilyState, policy: FamilyPolicy): number {
  return Math.min(live.issuedAtMs + policy.idleMs, createdAtMs + policy.absoluteMs);
}

function advance(
  state: FamilyState,
  rotation: Rotation,
  atMs: number,
  policy: FamilyPolicy,
): RotationStep {
  const successor = nextGeneration(state.live, rotation, atMs, policy);
  return {
    state: { ...state, live: successor, attemptId: rotation.attemptId, origin: rotation.origin },
    outcome: { kind: "rotated", successor },
  };
}

function generationAt(
  generation: number,
  { keyId, scope, audience, sealsContent }: Terms,
  issuedAtMs: number,
  { accessTokenMs }: Pick<FamilyPolicy, "accessTokenMs">,
): Generation {
  const accessTokenExpiresAtMs = issuedAtMs + accessTokenMs;
  const own = { generation, keyId, scope, audience, issuedAtMs, accessTokenExpiresAtMs };
  return sealsContent === true ? { ...own, sealsContent } : own;
}

function refused(
  before: FamilyState | null,
  refusal: RotationRefusal,
  state: FamilyState | null = before,
  origin: { isSameOrigin?: boolean } = {},
): RotationStep {
  const ended = state === before ? null : (before?.live ?? null);
  return { state, outcome: { kind: "refused", refusal, ended, ...origin } };
}
