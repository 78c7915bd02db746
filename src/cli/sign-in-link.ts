/** The challenge of the verifier in the example of the API page (RFC 7636 appendix B). */
const CODE_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/**
 * The link that signs the demo user in. It returns to the API page, which shows the exchange of the
 * code. A real client makes a new verifier for each sign-in.
 *
 * @param service its URL
 * @param prefix the first of `PATH_PREFIX`
 * @returns null where the demo client has no redirect URI: https, or not by a loopback name
 */
export function signInLink({ origin, protocol, hostname }: URL, prefix: string): string | null {
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (protocol !== "http:" || !isLoopback) return null;
  const parameters = new URLSearchParams({
    response_type: "code",
    client_id: "demo-client",
    redirect_uri: `${origin}/docs`,
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: "S256",
    login_hint: "demo",
  });
  return `${origin}${prefix}/authorize/?${parameters}`;
}
