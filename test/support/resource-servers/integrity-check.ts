import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { listenWith } from "../listening.ts";

/**
 * Whether Cloudflare's Browser Integrity Check, which every zone has by default, may reject a
 * request: it has no `User-Agent`, or that of Python's standard library.
 */
export function failsIntegrityCheck({ headers }: IncomingMessage): boolean {
  return /^(?:$|Python-urllib\/)/.test(headers["user-agent"] ?? "");
}

/** Starts a proxy for forms before a service, with that check. */
export function startIntegrityCheck(origin: string) {
  return listenWith(async (request, response) => {
    if (failsIntegrityCheck(request)) return void response.writeHead(403).end("error code: 1010");
    const { url = "", method = "", headers } = request;
    const passed = await fetch(origin + url, {
      method,
      headers: {
        "Content-Type": headers["content-type"] ?? "",
        Authorization: headers.authorization ?? "",
      },
      body: await text(request),
    });
    response.writeHead(passed.status).end(await passed.text());
  });
}
