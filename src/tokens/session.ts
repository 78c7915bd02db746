/**
 * A session in the list for people. Its row is written after the response and may lag; only the
 * list and ending a session depend on it.
 */
import { OFFLINE_SCOPE } from "../protocol/names.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Authorization } from "./authorization.ts";
import type { FamilyPolicy } from "./family.ts";
import type { RefreshToken } from "./refresh-token.ts";

/** The row of one login, updated while it is refreshed. */
export interface Session {
  readonly userId: string;
  readonly familyId: string;
  /** The browser session (`sid`) in which the login began, or null: it began without one. */
  readonly sessionId: string | null;
  /** Whether it has offline access, and so outlives a sign-out from that browser. */
  readonly isOffline: boolean;
  readonly clientId: string;
  /** The issuer that tells the client when the browser session ends, or null: none does. */
  readonly reportedBy: string | null;
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
   * The browser session in which the login began; null: it began without a browser. `unknown`: an
   * access token does not say, and the row of the session is asked.
   */
  readonly browser: Pick<Session, "sessionId" | "isOffline"> | "unknown" | null;
}

/** The {@link SessionKey} of a token. */
export function sessionKeyOf({
  subject: userId,
  familyId,
  sessionId,
  scope,
}: Pick<RefreshToken, "subject" | "familyId" | "sessionId" | "scope">): SessionKey {
  const browser = sessionId === null ? null : { sessionId, isOffline: isOffline(scope) };
  return { userId, familyId, browser };
}

/** The row of a login that began or was refreshed now. */
export function toSession(
  login: Pick<
    RefreshToken,
    "subject" | "familyId" | "sessionId" | "clientId" | "scope" | "createdAtMs"
  >,
  { label, issuerUrl, reportsLogout }: Authorization,
  nowMs: number,
  policy: FamilyPolicy,
): Session {
  const { subject: userId, familyId, sessionId, clientId, scope, createdAtMs } = login;
  const reportedBy = reportsLogout && sessionId !== null ? issuerUrl : null;
  const ids = { userId, familyId, sessionId, clientId, reportedBy };
  const neededUntilMs = sessionNeededUntilMs(createdAtMs, nowMs, policy);
  const instants = { createdAtMs, lastRefreshedAtMs: nowMs, neededUntilMs };
  return { ...ids, isOffline: isOffline(scope), label, ...instants };
}

function isOffline(scope: Scope): boolean {
  return scope.includes(OFFLINE_SCOPE);
}

/** Longest label, in characters: mobile browsers name themselves at the end of 170. */
const LABEL_LENGTH_MAX = 200;

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
