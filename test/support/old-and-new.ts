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
