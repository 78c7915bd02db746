import type { Deps } from "../deps.ts";
import { classify } from "../errors/classify.ts";
import { Refusal } from "../errors/refusal.ts";
import { networkOf } from "../protocol/address.ts";
import { hasControlCharacter, NAME_LENGTH_MAX } from "../protocol/params.ts";
import type { Lookups } from "../storage/lookups.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { makeLabel } from "../tokens/session.ts";
import { type SignedIn, startSession } from "../users/browser-session.ts";
import { isFailedLogin, signIn } from "../users/sign-in.ts";
import type { Step } from "./authorization-step.ts";
import { setSessionCookie } from "./browser.ts";

/** What became of the form of the sign-in page. */
export type SignInAttempt =
  /** Another page was submitted, or none. */
  | { readonly kind: "none" }
  | { readonly kind: "succeeded"; readonly signedIn: SignedIn }
  | {
      readonly kind: "failed";
      /** As typed. */
      readonly username: string;
      /** The same for every wrong user name or password. */
      readonly problem: "failed" | "throttled" | "unavailable";
      readonly retryAfterSeconds: number | null;
    };

/**
 * Signs a user in with the fields of the sign-in page, in the same way as the password grant.
 * Failures count against the user name and the address, and never against the client: otherwise one
 * attacker could block the users of any client.
 *
 * @param previous who was signed in in this browser, or null
 * @throws what is not the user's to correct, such as invalid settings
 */
export async function signInByForm(
  { browser, visit }: Step,
  previous: SignedIn | null,
  lookups: Lookups,
  deps: Deps,
): Promise<SignInAttempt> {
  const form = visit.submitted?.form;
  const username = form?.get("username") ?? null;
  const password = form?.get("password") ?? null;
  if (form === undefined || username === null || password === null) return { kind: "none" };
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
        nowMs: deps.clock(),
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
function describe(error: unknown): {
  readonly problem: "failed" | "throttled" | "unavailable";
  readonly retryAfterSeconds: number | null;
} {
  const { kind, reason } = classify(error);
  setLogFields({ reason });
  if (isFailedLogin(error)) return { problem: "failed", retryAfterSeconds: null };
  if (error instanceof Refusal) {
    return { problem: "throttled", retryAfterSeconds: error.retryAfterSeconds ?? 1 };
  }
  if (kind === "failure" && reason === "storage_failed") {
    return { problem: "unavailable", retryAfterSeconds: 1 };
  }
  throw error;
}
