import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of one request at the proxy. */
export type Fate =
  | "deliver"
  /** The service has responded, and the response is dropped. */
  | "drop_answer"
  /** The service has answered, and half of it arrives. */
  | "cut_answer"
  /** The service never sees the request. */
  | "drop_request"
  /** Something before the service has no room. */
  | "busy"
  /** As `busy`, in a page of HTML. */
  | "bad_gateway";

/** One request that the service answered, whether or not the response arrived. */
interface Exchange {
  readonly idempotencyKey: string | undefined;
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
}

/** A proxy before the service, for one test. */
export interface DroppingProxy {
  readonly origin: string;
  /** What the service answered, in order. */
  readonly answered: readonly Exchange[];
  /** Fates of the next requests, in order; when there are none, requests are delivered. */
  readonly fates: Fate[];
  close(): void;
}

/** Starts a proxy before a service. */
export async function startDroppingProxy(serviceOrigin: string): Promise<DroppingProxy> {
  const answered: Exchange[] = [];
  const fates: Fate[] = [];
  const server = createServer(async (request, response) => {
    const fate = fates.shift() ?? "deliver";
    if (fate === "drop_request") return request.socket.destroy();
    if (fate === "busy") return refuse(response, 503, '{"error":"temporarily_unavailable"}');
    if (fate === "bad_gateway") return refuse(response, 502, "<h1>Bad gateway</h1>");
    const answer = await forward(request, serviceOrigin);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const idempotencyKey = request.headers["idempotency-key"]?.toString();
    answered.push({ idempotencyKey, status: answer.status, body: JSON.parse(String(bytes)) });
    if (fate === "drop_answer") return request.socket.destroy();
    const headers = { "Content-Type": "application/json", "Content-Length": bytes.length };
    response.writeHead(answer.status, headers);
    if (fate === "deliver") return response.end(bytes);
    response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered,
    fates,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function refuse(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "Retry-After": "1" }).end(body);
}

async function forward(request: IncomingMessage, origin: string): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const kept = ["authorization", "content-type", "idempotency-key"];
  const headers = kept.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === "string" ? [[name, value] as [string, string]] : [];
  });
  const init = { method: request.method ?? "GET", headers, body: Buffer.concat(chunks) };
  return fetch(`${origin}${request.url}`, init);
}
