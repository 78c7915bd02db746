import type { Deps } from "../deps.ts";
import { recordError } from "../errors/classify.ts";
import { CATALOGUE } from "../errors/index.ts";
import { Refusal } from "../errors/refusal.ts";
import { type SignInPage, signInPage } from "../pages/sign-in-page.ts";
import { networkOf } from "../protocol/address.ts";
import { hasControlCharacter, NAME_LENGTH_MAX } from "../protocol/params.ts";
import type { Lookups } from "../storage/lookups.ts";
import { makeLabel } from "../storage/sessions.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { type SignedIn, startSession } from "../users/browser-session.ts";
import { isFailedLogin, signIn } from "../users/sign-in.ts";
import { type Browser, setSessionCookie, showPage } from "./browser.ts";
import type { Form } from "./read-form.ts";

/** A sign-in that failed, as far as the page says. */
export interface FailedSignIn {
  readonly kind: "failed";
  /** As typed. */
  readonly username: string;
  /** The same for every wrong user name or password. */
  readonly problem: "failed" | "throttled" | "unavailable";
  readonly retryAfterSeconds: number | null;
}

/** A sign-in that succeeded in this request. */
export interface SucceededSignIn {
  readonly kind: "succeeded";
  readonly signedIn: SignedIn;
}

/** What became of the form of the sign-in page. */
export type SignInAttempt =
  /** Another page was submitted, or none. */
  { readonly kind: "none" } | SucceededSignIn | FailedSignIn;

/** Not 200: password managers would offer to save a wrong password. */
const STATUSES = { failed: 400, throttled: 429, unavailable: 503 } as const;

/** Shows the sign-in page, again if an attempt failed. @param forms where its form can end */
export function showSignInPage(
  browser: Browser,
  page: Omit<SignInPage, "problem" | "retryAfterSeconds">,
  failed: FailedSignIn | null,
  forms: "self" | "anywhere",
): Response {
  const { username, problem, retryAfterSeconds } = failed ?? { ...NO_PROBLEM, ...page };
  const content = { ...page, username, problem, retryAfterSeconds };
  const status = problem === null ? 200 : STATUSES[problem];
  return showPage(browser, signInPage(browser.page, content), { status, forms, retryAfterSeconds });
}

const NO_PROBLEM = { problem: null, retryAfterSeconds: null };

/**
 * Signs a user in with the fields of the sign-in page, in the same way as the password grant.
 * Failures count against the user name and the address, and never against the client: otherwise one
 * attacker could block the users of any client.
 *
 * @param form a form that this browser submitted, or null
 * @param previous who was signed in in this browser, or null
 * @throws what is not the user's to correct, such as invalid settings
 */
export async function signInByForm(
  browser: Browser,
  form: Form | null,
  previous: SignedIn | null,
  lookups: Lookups,
  deps: Deps,
): Promise<SignInAttempt> {
  const username = form?.get("username") ?? null;
  const password = form?.get("password") ?? null;
  if (form === null || username === null || password === null) return { kind: "none" };
  setLogFields({ action: "sign_in" });
  const { context, issuerUrl } = browser;
  const { address, request } = context;
  const from = { address, clientId: pageOf(address), isClientProved: false };
  try {
    requireTypable(username, password);
    const named = await lookups.userByName(username);
    const user = await signIn({ username, password }, named, from, deps.grants.signIn);
    const signedIn = await startSession(
      {
        user,
        issuerUrl,
        label: makeLabel(request.headers.get("User-Agent")),
        isShared: form.get("shared_device") !== null,
        previous,
        receivedAtMs: browser.receivedAtMs,
      },
      deps.browser,
    );
    await setSessionCookie(browser, signedIn.cookie, deps);
    return { kind: "succeeded", signedIn };
  } catch (error) {
    return { kind: "failed", username, ...describe(error) };
  }
}

/**
 * Counts failures of the page, for each subscriber of an address. No client has such an id, since
 * ids have no control characters.
 */
function pageOf(address: string | null): string {
  return `\nsign-in page ${address === null ? "" : networkOf(address)}`;
}

/** @throws Refusal `user_unknown` or `password_wrong` for text that no account can have */
function requireTypable(username: string, password: string): void {
  if (username === "" || username.length > NAME_LENGTH_MAX || hasControlCharacter(username)) {
    throw new Refusal("user_unknown");
  }
  if (password === "" || hasControlCharacter(password)) throw new Refusal("password_wrong");
}

/** What the page says of an error. The log has the reason. */
function describe(error: unknown): Pick<FailedSignIn, "problem" | "retryAfterSeconds"> {
  const { kind, reason } = recordError(error);
  if (isFailedLogin(error)) return { problem: "failed", retryAfterSeconds: null };
  if (error instanceof Refusal) {
    const problem = CATALOGUE[error.reason].status === 503 ? "unavailable" : "throttled";
    return { problem, retryAfterSeconds: error.retryAfterSeconds ?? 1 };
  }
  if (kind === "failure" && reason === "storage_failed") {
    return { problem: "unavailable", retryAfterSeconds: 1 };
  }
  throw error;
}
