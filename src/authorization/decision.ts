import type { Prompt } from "./request.ts";

/** What decides the next step of an authorization request. All instants in milliseconds. */
export interface Situation {
  readonly prompts: ReadonlySet<Prompt>;
  readonly maxAgeSeconds: number | null;
  /** When the request arrived first. A sign-in after it satisfies `login` and `max_age`. */
  readonly requestedAtMs: number;
  readonly nowMs: number;
  /** Who is signed in, or null. */
  readonly session: { readonly userId: string; readonly authenticatedAtMs: number } | null;
  /** The subject of `id_token_hint`, or null. */
  readonly hintedUserId: string | null;
  /** Whether earlier consent covers scopes, resources and host of this request. */
  readonly isConsented: boolean;
  /** Whether the client is one that users are asked about every time (RFC 8252 §8.6). */
  readonly mustAsk: boolean;
  /** Whether the operator has consented for the users of this client. */
  readonly skipsConsent: boolean;
  /** What the user has just decided on a page of this request. */
  readonly answered: Answer | null;
}

/** A user's choice on the page that was shown last. */
export type Answer = "allow" | "deny" | "continue" | "switch";

/** The next step: a page, an error for the client, or a code. */
export type Decision =
  | { readonly kind: "sign_in"; readonly isAgain: boolean }
  | { readonly kind: "choose_account" }
  | { readonly kind: "ask_consent" }
  | { readonly kind: "issue" }
  | {
      readonly kind: "error";
      readonly reason: "login_required" | "consent_required" | "access_denied";
    };

/** Decides the next step. Pure: a test lists the complete truth table. */
export function decide(situation: Situation): Decision {
  const { prompts, session, hintedUserId, answered } = situation;
  const isSilent = prompts.has("none");
  if (session === null || answered === "switch") {
    return isSilent ? LOGIN_REQUIRED : { kind: "sign_in", isAgain: false };
  }
  if (hintedUserId !== null && hintedUserId !== session.userId) return LOGIN_REQUIRED;
  if (!isRecent(situation, session.authenticatedAtMs)) {
    return isSilent ? LOGIN_REQUIRED : { kind: "sign_in", isAgain: true };
  }
  if (answered === "deny") return { kind: "error", reason: "access_denied" };
  if (needsChoice(situation, session.authenticatedAtMs)) return { kind: "choose_account" };
  if (!needsConsent(situation)) return { kind: "issue" };
  return isSilent ? { kind: "error", reason: "consent_required" } : { kind: "ask_consent" };
}

const LOGIN_REQUIRED: Decision = { kind: "error", reason: "login_required" };

function isRecent(situation: Situation, authenticatedAtMs: number): boolean {
  const { prompts, maxAgeSeconds, requestedAtMs, nowMs } = situation;
  if (authenticatedAtMs >= requestedAtMs) return true;
  if (prompts.has("login")) return false;
  return maxAgeSeconds === null || nowMs - authenticatedAtMs <= maxAgeSeconds * 1000;
}

/** Someone who has signed in for this request, or was asked for consent, has chosen. */
function needsChoice(situation: Situation, authenticatedAtMs: number): boolean {
  const { prompts, requestedAtMs, answered } = situation;
  if (!prompts.has("select_account") || answered !== null) return false;
  return authenticatedAtMs < requestedAtMs;
}

function needsConsent(situation: Situation): boolean {
  const { prompts, answered, isConsented, mustAsk, skipsConsent } = situation;
  if (answered === "allow") return false;
  if (mustAsk) return true;
  return !skipsConsent && (prompts.has("consent") || !isConsented);
}
