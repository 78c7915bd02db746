import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

/** A request to the API, as it came. */
interface ApiRequest {
  /** Method and path below the account, such as `PUT /workers/scripts/tollgate`. */
  readonly what: string;
  readonly body: string;
}

interface ApiAnswer {
  readonly status: number;
  readonly body: object;
}

const ACCOUNT_ID = "0123456789abcdef0123456789abcdef";
const DATABASE_ID = "11111111-2222-4333-8444-555555555555";

/**
 * As much of Cloudflare's API as the real wrangler needs to deploy the Worker and to migrate its
 * database, which is a real SQLite. It shows what our command makes of what wrangler really says;
 * no test here can check that Cloudflare responds like this.
 */
export class StandInCloudflare {
  /** Secrets of the Worker by name; null: there is no Worker. */
  worker: Record<string, string> | null = null;
  /** Requests that are never answered, by a part of their {@link ApiRequest.what}. */
  stalls: string | null = null;
  readonly requests: ApiRequest[] = [];
  readonly database: DatabaseSync = new DatabaseSync(":memory:");
  readonly #server: Server;
  #hasDatabase = false;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const { status, body } = await this.#answer(request);
      if (status === 0) return;
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    });
  }

  static async start(): Promise<StandInCloudflare> {
    const api = new StandInCloudflare();
    await new Promise<void>((settle) => api.#server.listen(0, "127.0.0.1", settle));
    return api;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.database.close();
  }

  /** The environment with which wrangler calls only this server. */
  get env(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
      CLOUDFLARE_API_TOKEN: "a-token",
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
    };
  }

  async #answer(request: IncomingMessage): Promise<ApiAnswer> {
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    const what = `${request.method} ${pathname.replace(`/accounts/${ACCOUNT_ID}`, "")}`;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("latin1");
    this.requests.push({ what, body });
    if (this.stalls !== null && what.includes(this.stalls)) return { status: 0, body: {} };
    return this.#workers(what, body) ?? this.#storage(what, body) ?? failure(10000, what);
  }

  #workers(what: string, body: string): ApiAnswer | null {
    switch (what) {
      case "GET /workers/subdomain":
        return success({ subdomain: "example" });
      case "POST /workers/scripts/tollgate/assets-upload-session":
        // No buckets: it has every asset already, and none is uploaded here.
        return success({ jwt: "assets", buckets: [] });
      case "PUT /workers/scripts/tollgate": {
        const { bindings } = JSON.parse(/\{"main_module".*\}/.exec(body)?.[0] ?? "{}");
        const secrets = bindings.filter(({ type }: { type: string }) => type === "secret_text");
        const uploaded = secrets.map(({ name, text }: Record<string, string>) => [name, text]);
        this.worker = { ...this.worker, ...Object.fromEntries(uploaded) };
        return success({ id: "tollgate", deployment_id: "d", startup_time_ms: 5 });
      }
      case "PATCH /workers/scripts/tollgate/script-settings":
      case "GET /workers/workers/tollgate":
        return success({ id: "tollgate", tags: [], subdomain: { enabled: true } });
      case "PUT /workers/scripts/tollgate/schedules":
        return success({ schedules: JSON.parse(body) });
      case "POST /workers/scripts/tollgate/subdomain":
      case "GET /workers/scripts/tollgate/subdomain":
        return success({ enabled: true, previews_enabled: false });
    }
    if (this.worker === null) {
      return /\/workers\/(?:scripts|services)\/tollgate/.test(what) ? failure(10007, what) : null;
    }
    const { worker } = this;
    switch (what) {
      case "GET /workers/scripts/tollgate/secrets":
        return success(Object.keys(worker).map((name) => ({ name, type: "secret_text" })));
      case "GET /workers/services/tollgate":
        return success({ default_environment: { script: { last_deployed_from: "wrangler" } } });
      case "GET /workers/scripts/tollgate/deployments":
        return success({ deployments: [] });
      case "GET /workers/scripts/tollgate/settings":
        return success({ bindings: [{ type: "kv_namespace", name: "ACCESS_TOKENS" }] });
    }
    return null;
  }

  #storage(what: string, body: string): ApiAnswer | null {
    const database = { uuid: DATABASE_ID, name: "tollgate" };
    switch (what) {
      case "GET /storage/kv/namespaces":
        return success([]);
      case "POST /storage/kv/namespaces":
        return success({ id: ACCOUNT_ID, title: "tollgate-access-tokens" });
      case "POST /d1/database":
        this.#hasDatabase = true;
        return success(database);
      case "GET /d1/database":
        return success(this.#hasDatabase ? [database] : []);
      case "GET /d1/database/tollgate":
      case `GET /d1/database/${DATABASE_ID}`:
        return this.#hasDatabase ? success(database) : failure(7404, "no such database");
      case `POST /d1/database/${DATABASE_ID}/query`:
        return success([{ success: true, meta: {}, results: this.#query(body) }]);
    }
    return null;
  }

  #query(body: string): unknown[] {
    const { sql } = JSON.parse(body) as { sql: string };
    if (/^\s*SELECT/i.test(sql)) return this.database.prepare(sql).all();
    this.database.exec(sql);
    return [];
  }
}

function success(result: object): ApiAnswer {
  return { status: 200, body: { success: true, errors: [], messages: [], result } };
}

function failure(code: number, message: string): ApiAnswer {
  const body = { success: false, errors: [{ code, message }], messages: [], result: null };
  return { status: 404, body };
}
