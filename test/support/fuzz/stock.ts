import type { TokenAnswer } from "../service.ts";

/** Kinds of what the service has handed out. */
export type Goods = "access" | "refresh" | "admin" | "user" | "client";

/** Most of each kind that are kept: dead ones stay too, since used tokens are worth sending. */
const KEPT_MAX = 40;

/** What the service has handed out so far, for later requests to use and to spoil. */
export class Stock {
  readonly #goods: Record<Goods, string[]> = {
    access: [],
    refresh: [],
    admin: [],
    user: [],
    client: [],
  };

  /** Keeps one more, and drops the oldest where there are many. */
  put(kind: Goods, goods: string): void {
    const all = this.#goods[kind];
    all.push(goods);
    if (all.length > KEPT_MAX) all.shift();
  }

  /** One of a kind, counted back from the newest; a text that is none where there is none. */
  take(kind: Goods, back: number): string {
    const all = this.#goods[kind];
    return all[all.length - 1 - (back % Math.max(all.length, 1))] ?? "none-yet";
  }

  /** Keeps what a response hands out. */
  keepFrom(path: string, body: unknown): void {
    const { access_token, refresh_token, scope } = body as Partial<TokenAnswer>;
    if (typeof access_token === "string" && typeof scope === "string") {
      this.put(scope.split(" ").includes("admin") ? "admin" : "access", access_token);
      if (typeof refresh_token === "string") this.put("refresh", refresh_token);
    }
    const { id, client_id } = body as { id?: unknown; client_id?: unknown };
    if (path.startsWith("/admin/users") && typeof id === "string") this.put("user", id);
    if (path.startsWith("/admin/clients") && typeof client_id === "string") {
      this.put("client", client_id);
    }
  }
}
