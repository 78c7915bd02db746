import { SWITCH, TEXT, TOKEN_ENDPOINT } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings for moving from another server. */
export const MOVING = {
  importedTokens: {
    name: "IMPORTED_TOKENS",
    kind: SWITCH,
    default: "off",
    doc:
      "`on`: tokens of the server that this one replaces are accepted. See [Moving from " +
      "Django](moving-from-django.md).",
  },
  legacyTokenEndpoint: {
    name: "LEGACY_TOKEN_ENDPOINT",
    kind: TOKEN_ENDPOINT,
    default: null,
    doc:
      "Token endpoint of the server that this one replaces. It verifies the passwords of users " +
      "who are unknown here, or whose password hash cannot be checked here. Empty: none.",
    advice: {
      isWise: (value: string | null) => value === null,
      otherwise: "users deleted here can log in again; empty it once all users have moved",
    },
  },
  legacyClientId: {
    name: "LEGACY_CLIENT_ID",
    kind: TEXT,
    default: null,
    doc: "The client id to use there. Required with `LEGACY_TOKEN_ENDPOINT`.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
