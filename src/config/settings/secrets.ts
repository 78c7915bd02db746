import { RING_KEYS, SIGNING_KEYS, TEXT } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** All secrets: settings that are stored separately and never quoted. */
export const SECRETS = {
  tokenKeys: {
    name: "TOKEN_KEYS",
    kind: RING_KEYS,
    doc:
      "Required. Seals tokens. 64 hexadecimal digits (`openssl rand -hex 32`), or several keys " +
      "separated by commas: the first seals, all open. Keep a copy: Cloudflare does not show it, " +
      "and without it every login ends.",
  },
  signingKeys: {
    name: "SIGNING_KEYS",
    kind: SIGNING_KEYS,
    default: null,
    doc:
      "Private keys that sign JWT access tokens and ID tokens, as a JWK set (ES256, EdDSA or " +
      "RS256). The first signs access tokens, and the first of each algorithm ID tokens; all are " +
      "published. Without an RS256 key there is no OpenID Connect, and without any key all " +
      "access tokens are opaque.",
  },
  passwordPepper: {
    name: "PASSWORD_PEPPER",
    kind: RING_KEYS,
    default: null,
    doc:
      "Encrypts password hashes, so that a copy of D1 alone is not enough to guess passwords. " +
      "Same format as `TOKEN_KEYS`. Keep a copy: without it, no password is accepted.",
  },
  legacyClientSecret: {
    name: "LEGACY_CLIENT_SECRET",
    kind: TEXT,
    default: null,
    doc: "The secret of `LEGACY_CLIENT_ID`. Absent: that client is public.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
