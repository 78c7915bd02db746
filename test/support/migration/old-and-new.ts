import { expect } from "vitest";

/** A client as it authenticates: by HTTP Basic, or by its id alone when it is public. */
export interface Caller {
  readonly id: string;
  readonly secret: string | null;
}

/** What a token server answered, the old one or the new one. */
export interface Answer {
  readonly status: number;
  /** Empty when there was none. */
  readonly body: Readonly<Record<string, unknown>> & {
    readonly access_token?: string;
    readonly refresh_token?: string;
  };
}

/** Posts a form below `/o/` as a client does that knows nothing of any move. */
export async function postTo(
  origin: string,
  endpoint: "token" | "revoke_token" | "introspect",
  fields: Readonly<Record<string, string>>,
  { id, secret }: Caller,
): Promise<Answer> {
  const body = new URLSearchParams(secret === null ? { client_id: id, ...fields } : fields);
  const headers: HeadersInit = {};
  if (secret !== null) {
    const words = [id, secret].map(encodeURIComponent).join(":");
    headers["Authorization"] = `Basic ${btoa(words)}`;
  }
  const response = await fetch(`${origin}/o/${endpoint}/`, { method: "POST", headers, body });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

/** A token that is not, or no longer, good. */
export const REFUSED = { status: 400, body: { error: "invalid_grant" } } as const;

/** A login that is not let in. */
export const WRONG = {
  status: 400,
  body: { error: "invalid_grant", error_description: "Invalid credentials given." },
};

/** A pair that this service made. */
export const OURS = {
  status: 200,
  body: {
    access_token: expect.stringMatching(/^tga_/),
    refresh_token: expect.stringMatching(/^tgr_/),
  },
};

/** Introspection of a valid token. */
export const ACTIVE = { status: 200, body: { active: true } };

/** Introspection of any other. */
export const INACTIVE = { status: 200, body: { active: false } };
