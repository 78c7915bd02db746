import { DEMO_CLIENT, DEMO_LOGIN } from "./server.ts";

/** What a test looks at in a response of a real server. */
export interface ServerAnswer {
  status: number;
  body: Record<string, string>;
}

/** Posts a form to the token endpoint of a real server, with HTTP Basic. */
export async function askServer(
  url: string,
  fields: Readonly<Record<string, string>>,
  credentials: string = DEMO_CLIENT,
): Promise<ServerAnswer> {
  const response = await fetch(`${url}/o/token/`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(credentials)}` },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, body: (await response.json()) as ServerAnswer["body"] };
}

/** Logs the demo user in. */
export function logInTo(url: string): Promise<ServerAnswer> {
  return askServer(url, DEMO_LOGIN);
}

/** Refreshes with the refresh token of a response. */
export function refreshAt(
  url: string,
  { body }: ServerAnswer,
  credentials?: string,
): Promise<ServerAnswer> {
  const fields = { grant_type: "refresh_token", refresh_token: body["refresh_token"] ?? "" };
  return askServer(url, fields, credentials);
}
