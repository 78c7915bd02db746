import type { ClientAuthenticator } from "./authenticator.ts";
import { basicAuthenticator } from "./basic.ts";
import { bodyAuthenticator } from "./body.ts";
import { publicAuthenticator } from "./none.ts";
import { privateKeyJwtAuthenticator } from "./private-key-jwt.ts";

/** All client authentication methods. The first one that a request uses is decisive. */
export const CLIENT_AUTHENTICATORS: readonly ClientAuthenticator[] = [
  privateKeyJwtAuthenticator,
  basicAuthenticator,
  bodyAuthenticator,
  publicAuthenticator,
];
