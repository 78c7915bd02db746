import { accountPage } from "../../src/pages/account-page.ts";
import { authorizationErrorPage } from "../../src/pages/authorization-error-page.ts";
import { chooseAccountPage } from "../../src/pages/choose-account-page.ts";
import { type ConsentPage, consentPage } from "../../src/pages/consent-page.ts";
import type { PageContext } from "../../src/pages/page-context.ts";
import { type SignInPage, signInPage } from "../../src/pages/sign-in-page.ts";
import { signOutPage } from "../../src/pages/sign-out-page.ts";
import { signedOutPage } from "../../src/pages/signed-out-page.ts";

/** Markup, and a long word: wherever a text comes from outside. */
export const HOSTILE = `<script>alert(1)</script>"'&${"Donaudampfschifffahrt".repeat(4)}`;

const FORM = { action: "/o/authorize/", request: "sealed_request" };
const SIGN_IN: SignInPage = {
  ...FORM,
  client: { name: "Photo Printer", host: "photos.example.com" },
  username: "",
  problem: null,
  retryAfterSeconds: null,
  reason: null,
};
const CONSENT: ConsentPage = {
  ...FORM,
  client: {
    name: "Photo Printer",
    redirectHost: "photos.example.com",
    kind: "registered",
    redirect: "https",
    isPattern: false,
  },
  username: "ada",
  scopes: [
    { name: "openid", description: null },
    { name: "profile", description: null },
    { name: "photos:read", description: "Look at your photos" },
    { name: "orders.write", description: null },
  ],
  resources: [],
};
const LONG_HOST = `${"preview-of-a-rather-long-branch-name-".repeat(3)}.photos.example.com`;
const LONG_SCOPES = Array.from({ length: 20 }, (_, index) => {
  return { name: `https://api.example.com/scopes/number.${index}`, description: null };
});
const AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 30, 6, 45);

/** What the pages can look like, each with the shortest and the longest values. */
export const SAMPLE_PAGES: Readonly<Record<string, (context: PageContext) => string>> = {
  "sign-in": (context) => signInPage(context, SIGN_IN),
  "sign-in to the account": (context) => signInPage(context, { ...SIGN_IN, client: null }),
  "sign-in failed": (context) => {
    return signInPage(context, { ...SIGN_IN, username: "ada", problem: "failed" });
  },
  "sign-in throttled": (context) => {
    const content = { ...SIGN_IN, problem: "throttled", retryAfterSeconds: 130 } as const;
    return signInPage(context, content);
  },
  "sign-in unavailable": (context) => signInPage(context, { ...SIGN_IN, problem: "unavailable" }),
  "sign-in again": (context) => {
    return signInPage(context, { ...SIGN_IN, username: "ada", reason: "reauthenticate" });
  },
  "sign-in hostile": (context) => {
    const texts = { client: { name: HOSTILE, host: LONG_HOST }, username: HOSTILE };
    return signInPage(context, { ...SIGN_IN, ...texts, reason: "reauthenticate" });
  },
  "choose account": (context) => {
    return chooseAccountPage(context, { ...FORM, clientName: "Photo Printer", username: "ada" });
  },
  "choose account hostile": (context) => {
    return chooseAccountPage(context, { ...FORM, clientName: HOSTILE, username: HOSTILE });
  },
  consent: (context) => consentPage(context, CONSENT),
  "consent preview": (context) => {
    const client = { ...CONSENT.client, redirectHost: LONG_HOST, isPattern: true };
    return consentPage(context, { ...CONSENT, client });
  },
  "consent loopback": (context) => {
    const client = { ...CONSENT.client, redirect: "loopback", redirectHost: "127.0.0.1" } as const;
    return consentPage(context, { ...CONSENT, client });
  },
  "consent custom scheme": (context) => {
    const redirectHost = "com.example.photos:";
    const client = { ...CONSENT.client, redirect: "custom_scheme", redirectHost } as const;
    return consentPage(context, { ...CONSENT, client });
  },
  "consent unregistered": (context) => {
    const client = { ...CONSENT.client, kind: "unregistered" } as const;
    return consentPage(context, { ...CONSENT, client });
  },
  "consent unregistered loopback": (context) => {
    const device = { redirect: "loopback", redirectHost: "localhost:33418" } as const;
    const client = { ...CONSENT.client, kind: "unregistered", ...device } as const;
    return consentPage(context, { ...CONSENT, client });
  },
  "consent hostile": (context) => {
    const client = { name: HOSTILE, redirectHost: LONG_HOST, kind: "unregistered" } as const;
    return consentPage(context, {
      ...CONSENT,
      client: { ...CONSENT.client, ...client },
      username: HOSTILE,
      scopes: [
        ...LONG_SCOPES,
        { name: "x", description: HOSTILE },
        { name: HOSTILE, description: null },
      ],
      resources: [HOSTILE, "https://api.example.com/photos"],
    });
  },
  "error mismatch": (context) => {
    return authorizationErrorPage(context, {
      status: 400,
      problem: {
        code: "redirect_uri_mismatch",
        facts: [
          { label: "sent", value: "https://photos.example.com/oauth/callback/" },
          { label: "registered", value: "https://photos.example.com/oauth/callback" },
        ],
        backLink: null,
      },
      requestId: "0b2f0f5e-5a5b-4a39-9e0f-1c6a3f1f6d11",
    });
  },
  "error hostile": (context) => {
    return authorizationErrorPage(context, {
      status: 400,
      problem: {
        code: "constructor",
        facts: (["sent", "registered", "document"] as const).map((label) => {
          return { label, value: HOSTILE };
        }),
        backLink: `https://${LONG_HOST}/?error=invalid_request&state="x"`,
      },
      requestId: HOSTILE,
    });
  },
  "error of a form": (context) => {
    const problem = { code: "form_from_elsewhere", facts: [], backLink: null };
    return authorizationErrorPage(context, { status: 400, problem, requestId: "4711" });
  },
  account: (context) => {
    return accountPage(context, {
      action: "/o/account/",
      request: "sealed_request",
      username: "ada",
      email: "ada@example.com",
      sessions: [
        { id: "s1", label: AGENT, signedInAtMs: NOW_MS, isCurrent: true },
        { id: "s2", label: "curl/8.20.1", signedInAtMs: NOW_MS - 2 * DAY_MS, isCurrent: false },
        { id: "s3", label: "", signedInAtMs: NOW_MS - DAY_MS, isCurrent: false },
      ],
      logins: [
        {
          id: "l1",
          clientName: "Photo Printer",
          label: AGENT,
          createdAtMs: NOW_MS - DAY_MS,
          lastUsedAtMs: NOW_MS,
        },
      ],
      applications: [
        {
          clientId: "c1",
          name: "Photo Printer",
          scopes: CONSENT.scopes,
          resources: ["https://api.example.com"],
          grantedAtMs: NOW_MS,
        },
      ],
      message: "revoked",
    });
  },
  "account hostile": (context) => {
    const times = { createdAtMs: NOW_MS, lastUsedAtMs: NOW_MS };
    return accountPage(context, {
      action: "/o/account/",
      request: "sealed_request",
      username: HOSTILE,
      email: HOSTILE,
      sessions: [{ id: HOSTILE, label: HOSTILE, isCurrent: false, signedInAtMs: NOW_MS }],
      logins: [{ id: HOSTILE, clientName: HOSTILE, label: HOSTILE, ...times }],
      applications: [
        {
          clientId: HOSTILE,
          name: HOSTILE,
          scopes: LONG_SCOPES,
          resources: [HOSTILE],
          grantedAtMs: NOW_MS,
        },
      ],
      message: "session_ended",
    });
  },
  "account empty": (context) => {
    return accountPage(context, {
      action: "/o/account/",
      request: "sealed_request",
      username: "ada",
      email: null,
      sessions: [{ id: "s1", label: AGENT, signedInAtMs: NOW_MS, isCurrent: true }],
      logins: [],
      applications: [],
      message: null,
    });
  },
  "sign out": (context) => {
    return signOutPage(context, { ...FORM, clientName: "Photo Printer", username: "ada" });
  },
  "signed out": (context) => signedOutPage(context, { backLink: "https://photos.example.com/" }),
};
