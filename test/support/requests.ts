import { expect } from "vitest";
import { type WholeAnswer, whole } from "./responses.ts";
import { CLIENT, LOGIN, type Service, type TokenAnswer } from "./service.ts";

/** Parameters of a request by name. */
export type Fields = Readonly<Record<string, string>>;

/** The header of HTTP Basic for `id:secret`, sent as it is given. */
export function basic(credentials: string): { Authorization: string } {
  return { Authorization: `Basic ${btoa(credentials)}` };
}

/** A body that has begun with some text, and then breaks off as a connection does. */
export function brokenOff(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    pull: (controller) => controller.error(new Error(`cut off after ${text}`)),
  });
}

/** Posts a body to the token endpoint. Without `headers` no client authenticates. */
export async function post(
  service: Service,
  body: BodyInit,
  headers: HeadersInit = {},
  path = "/o/token/",
): Promise<WholeAnswer> {
  return whole(await service.fetch(path, { method: "POST", headers, body }));
}

/** Posts a form to the token endpoint; the client names itself by HTTP Basic, or not for null. */
export function ask(
  service: Service,
  fields: Fields,
  credentials: string | null = CLIENT,
): Promise<WholeAnswer> {
  const headers = credentials === null ? {} : basic(credentials);
  return post(service, new URLSearchParams(fields), headers);
}

/** Refreshes with a token, whatever comes of it. */
export function refresh(
  service: Service,
  refreshToken: string,
  fields: Fields = {},
  credentials: string | null = CLIENT,
): Promise<WholeAnswer> {
  const all = { grant_type: "refresh_token", refresh_token: refreshToken, ...fields };
  return ask(service, all, credentials);
}

/** Refreshes so that the response can be asked for again, with the same key. */
export function refreshWithKey(
  service: Service,
  key: string,
  refreshToken: string,
  fields: Fields = {},
): Promise<WholeAnswer> {
  const all = { grant_type: "refresh_token", refresh_token: refreshToken, ...fields };
  const headers = { ...basic(CLIENT), "Idempotency-Key": key };
  return post(service, new URLSearchParams(all), headers);
}

/** Logs the default user in. */
export async function logIn(
  service: Service,
  fields: Fields = {},
  credentials: string | null = CLIENT,
): Promise<TokenAnswer> {
  return granted(await ask(service, { ...LOGIN, ...fields }, credentials));
}

/** The tokens of a response that must be a success. */
export function granted(answer: WholeAnswer): TokenAnswer {
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as TokenAnswer;
}
