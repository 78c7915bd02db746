import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listenWith } from "./listening.ts";

/** What a host returns for a document. */
export interface HostedDocument {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `silent`: no headers. `endless`: the body does not end. `dripping`: nor does it pause. */
  readonly play?: "silent" | "endless" | "dripping" | "hangup";
}

/** One request for a document. */
export interface DocumentCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const JSON_TYPE = { "Content-Type": "application/json" };

/**
 * Starts one. `PUT /?URL` sets what it returns for a URL, `GET /?HOST` lists the requests to a host,
 * and `GET /HOST/PATH` is a request for `https://HOST/PATH`.
 */
export async function startDocumentHosts() {
  const documents = new Map<string, HostedDocument>();
  const calls: DocumentCall[] = [];
  return listenWith(async (request, response) => {
    const { url: path = "", method = "", headers } = request;
    if (path.startsWith("/?")) {
      const named = decodeURIComponent(path.slice(2));
      const body = await text(request);
      if (method === "PUT") documents.set(named, JSON.parse(body));
      const made = calls.filter(({ url }) => new URL(url).host === named);
      response.writeHead(200, JSON_TYPE).end(JSON.stringify(made));
      return;
    }
    const url = `https:/${path}`;
    calls.push({ url, method, headers: headers as DocumentCall["headers"] });
    play(documents.get(url) ?? { status: 404 }, response);
  });
}

function play(document: HostedDocument, response: ServerResponse): void {
  const { status = 200, headers = {}, body = "", play: manner } = document;
  if (manner === "silent") return;
  if (manner === "hangup") return void response.destroy();
  response.writeHead(status, { ...JSON_TYPE, ...headers });
  if (manner === undefined) return void response.end(body);
  response.write(body);
  if (manner === "endless") return;
  const timer = setInterval(() => response.write(" "), 10);
  response.on("close", () => clearInterval(timer));
}
