import { describe, expect, test } from "vitest";
import { type Answer, type Decision, decide } from "../../../src/authorization/decision.ts";
import type { Prompt } from "../../../src/authorization/request.ts";

const NOW = 1_800_000_000_000;
const REQUESTED = NOW - 60_000;

/** When the user signed in, in relation to the request; null: not at all. */
const SESSIONS = {
  none: null,
  "of yesterday": NOW - 86_400_000,
  "since the request": NOW - 1000,
} as const;

const PROMPTS: readonly (readonly Prompt[])[] = [
  [],
  ["none"],
  ["login"],
  ["consent"],
  ["select_account"],
  ["login", "consent", "select_account"],
];
const MAX_AGES = [null, 3600, 1_000_000];
const ANSWERS: readonly (Answer | null)[] = [null, "allow", "deny", "continue", "switch"];
const CLIENTS = {
  "not consented": { isConsented: false, mustAsk: false, skipsConsent: false },
  consented: { isConsented: true, mustAsk: false, skipsConsent: false },
  "the operator's own": { isConsented: false, mustAsk: false, skipsConsent: true },
  "asked every time": { isConsented: true, mustAsk: true, skipsConsent: true },
};

interface Case {
  readonly session: keyof typeof SESSIONS;
  readonly prompts: readonly Prompt[];
  readonly maxAgeSeconds: number | null;
  readonly answered: Answer | null;
  readonly client: keyof typeof CLIENTS;
}

const CASES: readonly Case[] = (Object.keys(SESSIONS) as Case["session"][]).flatMap((session) =>
  PROMPTS.flatMap((prompts) =>
    MAX_AGES.flatMap((maxAgeSeconds) =>
      ANSWERS.flatMap((answered) =>
        (Object.keys(CLIENTS) as Case["client"][]).map((client) => {
          return { session, prompts, maxAgeSeconds, answered, client };
        }),
      ),
    ),
  ),
);

/** What the contract says, in its own order: who is there, how long since, which account, consent. */
function expected({ session, prompts, maxAgeSeconds, answered, client }: Case): string {
  const isSilent = prompts.includes("none");
  if (session === "none" || answered === "switch") return isSilent ? "login_required" : "sign_in";
  const isNew = session === "since the request";
  const isTooOld = maxAgeSeconds === 3600;
  if (!isNew && (prompts.includes("login") || isTooOld)) {
    return isSilent ? "login_required" : "sign_in again";
  }
  if (answered === "deny") return "access_denied";
  const isAsked = prompts.includes("select_account") && !isNew && answered === null;
  if (isAsked) return "choose_account";
  if (answered === "allow") return "issue";
  const needsConsent = {
    "not consented": true,
    consented: prompts.includes("consent"),
    "the operator's own": false,
    "asked every time": true,
  }[client];
  if (!needsConsent) return "issue";
  return isSilent ? "consent_required" : "ask_consent";
}

function nameOf(decision: Decision): string {
  if (decision.kind === "error") return decision.reason;
  return decision.kind === "sign_in" && decision.isAgain ? "sign_in again" : decision.kind;
}

function decideCase({ session, client, answered, ...asked }: Case, hintedUserId: string | null) {
  const authenticatedAtMs = SESSIONS[session];
  return nameOf(
    decide({
      ...asked,
      ...CLIENTS[client],
      prompts: new Set(asked.prompts),
      requestedAtMs: REQUESTED,
      nowMs: NOW,
      session: authenticatedAtMs === null ? null : { userId: "ada", authenticatedAtMs },
      hintedUserId,
      answered,
    }),
  );
}

describe("the decision about an authorization request", () => {
  test("follows the contract in every situation", () => {
    expect(CASES).toHaveLength(1080);
    for (const each of CASES) {
      expect({ ...each, decision: decideCase(each, null) }).toEqual({
        ...each,
        decision: expected(each),
      });
    }
  });

  test("is the same with a hint at the user who is signed in", () => {
    for (const each of CASES) expect(decideCase(each, "ada")).toBe(expected(each));
  });

  test("with a hint at another user never goes on as the one who is signed in", () => {
    for (const each of CASES) {
      const isOther = each.session !== "none" && each.answered !== "switch";
      expect(decideCase(each, "grace")).toBe(isOther ? "login_required" : expected(each));
    }
  });

  test("counts max_age to the second", () => {
    const decisionAfter = (authenticatedAtMs: number) =>
      nameOf(
        decide({
          ...CLIENTS.consented,
          prompts: new Set(),
          maxAgeSeconds: 100,
          requestedAtMs: NOW,
          nowMs: NOW,
          session: { userId: "ada", authenticatedAtMs },
          hintedUserId: null,
          answered: null,
        }),
      );
    expect(decisionAfter(NOW - 100_000)).toBe("issue");
    expect(decisionAfter(NOW - 100_001)).toBe("sign_in again");
  });
});
