import { exportJWK, generateKeyPair } from "jose";

/** The tokens of a login. */
export interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

/**
 * Posts a form to the token endpoint of a running service, with HTTP Basic.
 *
 * @throws Error when the response is no success
 */
export async function tokenOf(
  origin: string,
  credentials: string,
  fields: Readonly<Record<string, string>>,
): Promise<Pair> {
  const response = await fetch(`${origin}/o/token/`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(credentials)}` },
    body: new URLSearchParams(fields),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Pair;
}

/** Asks a running service whether an access token is active, as a client with all scopes. */
export async function isActive(
  origin: string,
  credentials: string,
  token: string,
): Promise<boolean> {
  const response = await fetch(`${origin}/o/introspect/`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(credentials)}` },
    body: new URLSearchParams({ token }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { active: boolean }).active;
}

/** Fresh keys, as the secret `SIGNING_KEYS` has them. With one of RS256 there are ID tokens. */
export async function newSigningKeys(
  ...algorithms: readonly ("ES256" | "RS256")[]
): Promise<string> {
  const keys = algorithms.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), alg };
  });
  return JSON.stringify({ keys: await Promise.all(keys) });
}
