/**
 * A session in the list for people. Its row is written after the response and may lag; only the
 * list and ending a session depend on it.
 */
import { OFFLINE_SCOPE } from "../protocol/names.ts";
import type { FamilyPolicy } from "./family.ts";
import type { RefreshToken } from "./refresh-token.ts";

/** The row of one login, updated while it is refreshed. */
export interface Session {
  readonly userId: string;
  readonly familyId: string;
  /** The browser session that the login belongs to (`sid`), or null: it is one by itself. */
  readonly sessionId: string | null;
  readonly clientId: string;
  /** From the client's `User-Agent`, at most {@link LABEL_LENGTH_MAX} characters. */
  readonly label: string;
  /** All instants in milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly lastRefreshedAtMs: number;
  /** When the row can be removed. */
  readonly neededUntilMs: number;
}

/** What decides whether a login was ended from outside of its object. */
export interface SessionKey extends Pick<Session, "userId" | "familyId"> {
  /**
   * Of a login that began with an authorization code; null: it began without a browser. `unknown`:
   * an access token does not say, and the row of the session is asked.
   */
  readonly browser: BrowserKey | "unknown" | null;
}

/** What ends a login from its browser. */
export interface BrowserKey {
  /** The browser session with which it ends; null: the login outlives it. */
  readonly sessionId: string | null;
  readonly clientId: string;
  readonly createdAtMs: number;
}

/** The browser session with which a login ends; null: none, or it has offline access. */
export function endsWithSession({
  sessionId,
  scope,
}: Pick<RefreshToken, "sessionId" | "scope">): string | null {
  return scope.includes(OFFLINE_SCOPE) ? null : sessionId;
}

/** The {@link SessionKey} of a token. */
export function sessionKeyOf(
  token: Pick<RefreshToken, "subject" | "familyId" | "sessionId" | "clientId" | "scope"> & {
    readonly createdAtMs: number;
  },
): SessionKey {
  const { subject: userId, familyId, clientId, createdAtMs } = token;
  if (token.sessionId === null) return { userId, familyId, browser: null };
  const sessionId = endsWithSession(token);
  return { userId, familyId, browser: { sessionId, clientId, createdAtMs } };
}

/** Longest label, in characters: the start of a `User-Agent` suffices. */
const LABEL_LENGTH_MAX = 120;

const DAY_MS = 86_400_000;

/** Updates of a row per idle lifetime: exact enough for a list. */
const UPDATES_PER_IDLE_TIME = 10;

/** Makes the label of a session: one line without control characters. */
export function makeLabel(userAgent: string | null): string {
  return (userAgent ?? "").replace(/\p{C}/gu, " ").trim().slice(0, LABEL_LENGTH_MAX);
}

/**
 * Whether a refresh must update the session's row. Each update writes a row of D1, so the time
 * since the login is divided into equal intervals, and only the first refresh in each updates: once
 * a day for long sessions, at a different time for each session.
 */
export function isUpdateDue(
  { createdAtMs, issuedAtMs }: Pick<RefreshToken, "createdAtMs" | "issuedAtMs">,
  nowMs: number,
  policy: FamilyPolicy,
): boolean {
  const interval = (atMs: number) => Math.floor((atMs - createdAtMs) / updateIntervalMs(policy));
  return interval(issuedAtMs) !== interval(nowMs);
}

/**
 * When a session that is updated now, and refreshed until just before the next update, has expired:
 * its last refresh token, and its last access token, which may live longer.
 */
export function sessionNeededUntilMs(
  createdAtMs: number,
  nowMs: number,
  policy: FamilyPolicy,
): number {
  const absoluteEndMs = createdAtMs + policy.absoluteMs;
  const lastRefreshMs = Math.min(nowMs + updateIntervalMs(policy), absoluteEndMs);
  const refreshEndMs = Math.min(lastRefreshMs + policy.idleMs, absoluteEndMs);
  return Math.max(refreshEndMs, lastRefreshMs + policy.accessTokenMs);
}

function updateIntervalMs({ idleMs }: FamilyPolicy): number {
  return Math.min(DAY_MS, Math.ceil(idleMs / UPDATES_PER_IDLE_TIME));
}
