/**
 * A login as people see it: a row that is written after the answer, so that it may lag, and that
 * nothing but a list and an early end depend on.
 */
import type { FamilyPolicy } from "./family.ts";
import type { RefreshToken } from "./refresh-token.ts";

/** What is written down of one login, and again while it is refreshed. */
export interface Session {
  readonly userId: string;
  readonly familyId: string;
  /** The browser session that the login belongs to (`sid`), or null: it is one by itself. */
  readonly sessionId: string | null;
  readonly clientId: string;
  /** What the client said of itself, at most {@link LABEL_LENGTH_MAX} characters. */
  readonly label: string;
  /** All instants in milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly lastRefreshedAtMs: number;
  /** Nobody needs the row afterwards. */
  readonly neededUntilMs: number;
}

/** Longest label, in characters: a `User-Agent` says what matters first. */
const LABEL_LENGTH_MAX = 120;

const DAY_MS = 86_400_000;

/** A list is exact enough when it is right to this part of the idle lifetime. */
const NOTES_PER_IDLE_TIME = 10;

/** Makes the label of a session of what a caller said of itself. One line, whatever was sent. */
export function makeLabel(userAgent: string | null): string {
  return (userAgent ?? "").replace(/\p{C}/gu, " ").trim().slice(0, LABEL_LENGTH_MAX);
}

/**
 * Whether a refresh must be written down. Each would cost a row of D1, so the time since the login
 * is cut into equal parts, and the first refresh in one is noted: once a day for long sessions, and
 * not all sessions at the same hour.
 */
export function isNoteDue(
  { createdAtMs, issuedAtMs }: Pick<RefreshToken, "createdAtMs" | "issuedAtMs">,
  nowMs: number,
  policy: FamilyPolicy,
): boolean {
  const partOf = (atMs: number) => Math.floor((atMs - createdAtMs) / noteIntervalMs(policy));
  return partOf(issuedAtMs) !== partOf(nowMs);
}

/**
 * Until when a session can live if it is noted now and refreshed up to the next note: until its
 * last refresh token has expired, and its last access token, which may live longer.
 */
export function sessionNeededUntilMs(
  createdAtMs: number,
  nowMs: number,
  policy: FamilyPolicy,
): number {
  const absoluteEndMs = createdAtMs + policy.absoluteMs;
  const lastRefreshMs = Math.min(nowMs + noteIntervalMs(policy), absoluteEndMs);
  const refreshEndMs = Math.min(lastRefreshMs + policy.idleMs, absoluteEndMs);
  return Math.max(refreshEndMs, lastRefreshMs + policy.accessTokenMs);
}

function noteIntervalMs({ idleMs }: FamilyPolicy): number {
  return Math.min(DAY_MS, Math.ceil(idleMs / NOTES_PER_IDLE_TIME));
}
