import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request for a logout, as a client received it. */
export interface ReceivedLogout {
  readonly method: string;
  readonly contentType: string;
  readonly body: string;
}

/** Clients that receive logout tokens, as one real server. */
interface LogoutReceiver {
  readonly origin: string;
  stop(): Promise<void>;
}

/**
 * Starts one. `/NAME/FIRST-SECOND-LAST` is the back-channel URI of a client that responds so in
 * turn, and with the last from then on: a status, `hangup` or `silent`. `GET /received/NAME` is the
 * list of what it received.
 */
export async function startLogoutReceiver(): Promise<LogoutReceiver> {
  const received = new Map<string, ReceivedLogout[]>();
  const server = createServer(async (request, response) => {
    const [, name = "", script = ""] = (request.url ?? "").split("/");
    if (name === "received") return void response.end(JSON.stringify(received.get(script) ?? []));
    const contentType = request.headers["content-type"] ?? "";
    const logout = { method: request.method ?? "", contentType, body: await text(request) };
    const all = [...(received.get(name) ?? []), logout];
    received.set(name, all);
    const plays = script.split("-");
    play(plays[Math.min(all.length, plays.length) - 1] ?? "", response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    stop() {
      server.closeAllConnections();
      return new Promise((stopped) => server.close(() => stopped()));
    },
  };
}

function play(word: string, response: ServerResponse): void {
  if (word === "hangup") return void response.destroy();
  if (word === "silent") return;
  response.writeHead(Number(word), { "Cache-Control": "no-store", Location: "/redirected/200" });
  response.end();
}
