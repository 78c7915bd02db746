import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { RegistryEntries } from "../support/service-database.ts";
import { clientOfTwoSecrets } from "../support/two-secrets.ts";
import type { Vars } from "../support/workerd-options.ts";

/** A kind of request whose time must not distinguish it from the others. */
export interface TimingClass {
  readonly title: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Kinds of request that are compared with one another, and where. */
export interface TimingPlan {
  readonly title: string;
  readonly vars: Vars;
  readonly servers: number;
  /** Concurrent requests of each server. */
  readonly lanes: number;
  /** Multiplies the number of samples: more where a response is fast. */
  readonly times: number;
  /** The status of all responses. */
  readonly status: number;
  readonly entries: RegistryEntries;
  readonly classes: readonly TimingClass[];
}

/** What Django 3.2 made. */
const DJANGO_ITERATIONS = 260_000;

const BASE: Vars = { RATE_LIMITS: "off", FAILED_LOGIN_SECONDS_MIN: 0, PASSWORD_HASH_ROUNDS: 6 };

const PASSWORD = "the right password";

const ENTRIES: RegistryEntries = {
  clients: [
    { client_id: "public", token_endpoint_auth_method: "none" },
    { client_id: "client", client_secret: "the right secret" },
    { client_id: "disabled", client_secret: "the right secret", disabled: true },
    await clientOfTwoSecrets("two"),
  ],
  users: [
    { username: "own", password: PASSWORD },
    { username: "inactive", password: PASSWORD, is_active: false },
    { username: "unusable", password_record: "!" },
    { username: "imported", password_record: djangoRecord() },
  ],
};

/** A hash that no password matches: it takes as long as any other. */
function djangoRecord(): string {
  const salt = randomBytes(11).toString("hex");
  return `pbkdf2_sha256$${DJANGO_ITERATIONS}$${salt}$${randomBytes(32).toString("base64")}`;
}

const login = (title: string, username: string): TimingClass => {
  const fields = { grant_type: "password", client_id: "public", username, password: "a guess" };
  return { title, fields };
};

const LOGINS = [
  login("unknown user", "nobody"),
  login("inactive user", "inactive"),
  login("unusable password", "unusable"),
  login("wrong password", "own"),
];

/**
 * The server handles some 25 in a second: hashing for them takes a third of a processor, and the
 * rest is left for the long derivation. That takes half a second alone, and longer here, where all
 * objects and the Worker share a thread: hence ten seconds, so that queueing decides nothing. At
 * once, guesses of one password for one hash share a derivation; without that they alone would
 * take a quarter of an hour. It needs a machine that has little else to do.
 */
const HELD_LOGINS: TimingPlan = {
  title: "failed logins that are delayed to ten seconds",
  // Less hashing of our own leaves more difference to hide.
  vars: { ...BASE, FAILED_LOGIN_SECONDS_MIN: 10, PASSWORD_HASH_ROUNDS: 1 },
  servers: 1,
  lanes: 250,
  times: 1,
  status: 400,
  entries: ENTRIES,
  classes: [...LOGINS, login("wrong password, hash of Django's", "imported")],
};

const EQUAL_LOGINS: TimingPlan = {
  title: "failed logins without a delay",
  vars: BASE,
  servers: availableParallelism(),
  lanes: 1,
  times: 1,
  status: 400,
  entries: ENTRIES,
  classes: LOGINS,
};

const secretOf = (title: string, client_id: string): TimingClass => {
  return { title, fields: { grant_type: "client_credentials", client_id, client_secret: "wrong" } };
};

const SECRETS: TimingPlan = {
  ...EQUAL_LOGINS,
  title: "rejected secrets of clients",
  status: 401,
  classes: [
    secretOf("unknown client", "nobody"),
    secretOf("wrong secret", "client"),
    secretOf("disabled client", "disabled"),
    secretOf("wrong secret, two are valid", "two"),
  ],
};

const BY_ASSERTION = {
  grant_type: "client_credentials",
  client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
} as const;

/** Assertions that are valid except for their signature, by an unregistered key. */
async function assertions(): Promise<TimingPlan> {
  const registered = await generateKeyPair("ES256");
  const stranger = await generateKeyPair("ES256");
  const jwk = await exportJWK(registered.publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const signedFor = async (title: string, clientId: string): Promise<TimingClass> => {
    const client_assertion = await new SignJWT({ jti: "never used up" })
      .setProtectedHeader({ alg: "ES256", kid })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience("https://login.example.com")
      .setExpirationTime("1h")
      .sign(stranger.privateKey);
    return { title, fields: { ...BY_ASSERTION, client_assertion } };
  };
  const keyClient = {
    client_id: "by-key",
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [{ ...jwk, kid }] },
  };
  return {
    ...SECRETS,
    title: "rejected assertions",
    times: 2,
    entries: { clients: [keyClient] },
    classes: await Promise.all([
      signedFor("unknown client", "nobody"),
      signedFor("wrong signature", "by-key"),
    ]),
  };
}

/** All plans. */
export const TIMING_PLANS: readonly TimingPlan[] = [
  HELD_LOGINS,
  EQUAL_LOGINS,
  SECRETS,
  await assertions(),
];
