import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listenWith } from "./listening.ts";

/** A request for a logout, as a client received it. */
export interface ReceivedLogout {
  readonly method: string;
  readonly contentType: string;
  readonly userAgent: string;
  readonly body: string;
}

/**
 * Starts one. `/NAME/FIRST-SECOND-LAST` is the back-channel URI of a client that responds so in
 * turn, and with the last from then on: a status, `hangup` or `silent`. `GET /received/NAME` is the
 * list of what it received.
 */
export async function startLogoutReceiver() {
  const received = new Map<string, ReceivedLogout[]>();
  return listenWith(async (request, response) => {
    const [, name = "", script = ""] = (request.url ?? "").split("/");
    if (name === "received") return void response.end(JSON.stringify(received.get(script) ?? []));
    const { "content-type": contentType = "", "user-agent": userAgent = "" } = request.headers;
    const body = await text(request);
    const logout = { method: request.method ?? "", contentType, userAgent, body };
    const all = [...(received.get(name) ?? []), logout];
    received.set(name, all);
    const plays = script.split("-");
    play(plays[Math.min(all.length, plays.length) - 1] ?? "", response);
  });
}

function play(word: string, response: ServerResponse): void {
  if (word === "hangup") return void response.destroy();
  if (word === "silent") return;
  response.writeHead(Number(word), { "Cache-Control": "no-store", Location: "/redirected/200" });
  response.end();
}
