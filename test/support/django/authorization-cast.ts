import { CALLBACK } from "../browsing.ts";

/** The user at both servers. */
export const ACCOUNT = { username: "ada", password: "correct horse" } as const;

const CODE = "authorization-code";

/** The applications at both servers, by their id, in the words of django-oauth-toolkit. */
export const APPLICATIONS = {
  web: application("confidential", CODE, `${CALLBACK} ${CALLBACK}/other`),
  lax: application("confidential", CODE, CALLBACK),
  other: application("confidential", CODE, CALLBACK),
  public: application("public", CODE, CALLBACK),
  native: application("public", CODE, "http://127.0.0.1/callback"),
  machine: application("confidential", "password", CALLBACK),
} as const;

/** An application at both servers. */
export type ApplicationId = keyof typeof APPLICATIONS;

function application(
  client_type: "confidential" | "public",
  authorization_grant_type: string,
  redirect_uris: string,
) {
  const client_secret = client_type === "public" ? "" : "secret";
  return { client_type, authorization_grant_type, redirect_uris, client_secret, name: "App" };
}
