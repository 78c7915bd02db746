import { utf8 } from "../crypto/bytes.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import type { RefusalReason } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";
import { type Attempt, classifyError } from "../rate-limit/attempt.ts";
import type { RateLimiter } from "../rate-limit/rate-limiter.ts";
import type { Lookup } from "../storage/lookups.ts";
import type { NamedUser, User } from "../storage/users.ts";
import { audit, setLogFields } from "../telemetry/request-log.ts";
import { type MigrationDeps, migrateUser } from "./lazy-migration.ts";

/** What {@link signIn} needs. */
export interface SignInDeps extends FailureDelayDeps, MigrationDeps {
  readonly rateLimiter: RateLimiter;
}

/** A user name and password, without control characters. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Where a sign-in comes from. */
export interface SignInOrigin {
  /** Of the user, or null: a Worker of the operator's own account sends none. */
  readonly address: string | null;
  readonly clientId: string;
  /** Whether the client has authenticated: anyone can name a public client. */
  readonly isClientProved: boolean;
}

/**
 * Checks a password: counts failures, replaces an outdated hash after the response, and migrates
 * unknown users from the legacy token endpoint.
 *
 * @example
 * const named = await lookups.userByName(username);
 * const user = await signIn({ username, password }, named, origin, deps);
 *
 * @param early of the same user name; null: the sign-in is admitted now
 * @throws Refusal of a reason in `FAILED_LOGINS` when the password is not accepted, and of the rate
 *   limits
 * @throws Unavailable
 */
export async function signIn(
  credentials: Credentials,
  named: NamedUser,
  origin: SignInOrigin,
  deps: SignInDeps,
  early: EarlyAdmission | null = null,
): Promise<User> {
  const { user } = named;
  if (user !== null) setLogFields({ userId: user.id });
  const delay = startFailureDelay(deps);
  try {
    return await attemptSignIn(credentials, named, origin, deps, early);
  } catch (error) {
    // The attempt has been counted: nothing is pending during the delay.
    if (isFailedLogin(error)) await delay.elapsed;
    throw error;
  } finally {
    delay.cancel();
  }
}

async function attemptSignIn(
  credentials: Credentials,
  named: NamedUser,
  origin: SignInOrigin,
  deps: SignInDeps,
  early: EarlyAdmission | null,
): Promise<User> {
  const { username } = credentials;
  const attempt =
    early !== null && isSameOrigin(early.origin, origin)
      ? await early.attempt
      : await deps.rateLimiter.admitLogin({ username, ...origin, named });
  try {
    const user = await checkPassword(credentials, named, deps);
    attempt.end("succeeded");
    return user;
  } catch (error) {
    attempt.end(classifyError(error));
    throw error;
  }
}

/** A sign-in that was admitted before its client was authenticated. */
export interface EarlyAdmission {
  /** As it was expected. */
  readonly origin: SignInOrigin;
  readonly attempt: Promise<Attempt>;
}

/**
 * Asks for the admission of a sign-in whose client is not authenticated yet. Only for a client that
 * this isolate has just verified: otherwise anyone could use up the attempts of any user.
 */
export function admitEarly(
  username: string,
  named: Lookup<NamedUser>,
  origin: SignInOrigin,
  { rateLimiter }: SignInDeps,
): EarlyAdmission {
  const attempt = rateLimiter.admitLogin({ username, ...origin, named });
  // Awaited after the client is authenticated, or never.
  attempt.catch(() => {});
  return { origin, attempt };
}

/**
 * Drops an admission that {@link signIn} does not use: nothing was tried.
 *
 * @param use the origin that it is used with; rejects if it is not used
 */
export async function dropUnlessUsed(
  { origin, attempt }: EarlyAdmission,
  use: Promise<SignInOrigin>,
): Promise<void> {
  const isUsed = await use.then(
    (used) => isSameOrigin(used, origin),
    () => false,
  );
  if (isUsed) return;
  await attempt.then(
    (unused) => unused.end("dropped"),
    () => {},
  );
}

/** Of the same client. */
function isSameOrigin(one: SignInOrigin, other: SignInOrigin): boolean {
  return one.address === other.address && one.isClientProved === other.isClientProved;
}

/**
 * An unknown user, inactive user, unusable password and wrong password all take the same time and
 * differ only in the log. Imported Django hashes take longer; the delay hides that.
 */
async function checkPassword(
  { username, password }: Credentials,
  named: NamedUser,
  deps: SignInDeps,
): Promise<User> {
  const { user } = named;
  const hashes = user === null ? [] : [user.passwordHash];
  const { matched, outdated } = await deps.userPasswords.check(password, hashes);
  const migrated = matched === null ? await migrateUser(username, password, named, deps) : null;
  if (migrated !== null) return migrated;
  if (user === null) throw new Refusal("user_unknown");
  if (matched === null) throw new Refusal(chooseReason(user, password));
  if (!user.isActive) throw new Refusal("user_inactive");
  if (outdated) deps.defer(rehash(user, password, deps));
  return user;
}

function chooseReason(
  user: User,
  password: string,
): "password_unusable" | "password_too_long" | "password_wrong" {
  if (user.passwordHash.startsWith("!")) return "password_unusable";
  return utf8(password).length > PASSWORD_BYTES_MAX ? "password_too_long" : "password_wrong";
}

async function rehash(user: User, password: string, deps: SignInDeps): Promise<void> {
  const { id: userId, passwordHash } = user;
  const hash = await deps.userPasswords.makeHash(password);
  const isReplaced = await deps.users.replacePasswordHash(userId, passwordHash, hash);
  if (isReplaced) audit({ action: "password_rehashed", userId });
}

/** What {@link startFailureDelay} needs. */
interface FailureDelayDeps {
  /** Earliest response to a failed login, in milliseconds after its start; 0: no delay. */
  readonly failedLoginMsMin: number;
  /** Waits for that many milliseconds; rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The reasons that a client must not be able to distinguish, not even by timing. */
export const FAILED_LOGINS: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "user_unknown",
  "user_inactive",
  "password_unusable",
  "password_too_long",
  "password_wrong",
]);

/** A running delay. */
interface FailureDelay {
  /** Resolves when it ends or is cancelled. */
  readonly elapsed: Promise<void>;
  /** Stops the timer, which would keep the request's context alive after its response. */
  cancel(): void;
}

/** Whether the credentials were rejected, as opposed to a rate limit or a service failure. */
export function isFailedLogin(error: unknown): boolean {
  return error instanceof Refusal && FAILED_LOGINS.has(error.reason);
}

/**
 * Starts the minimum duration of a failed login: some passwords take longer to check than others.
 * It starts before the work instead of being computed afterwards, since the clock of a Worker does
 * not advance while it computes.
 */
function startFailureDelay({ failedLoginMsMin, wait }: FailureDelayDeps): FailureDelay {
  if (failedLoginMsMin === 0) return { elapsed: Promise.resolve(), cancel: () => {} };
  const cancellation = new AbortController();
  const elapsed = wait(failedLoginMsMin, cancellation.signal).catch(() => {});
  return { elapsed, cancel: () => cancellation.abort() };
}
