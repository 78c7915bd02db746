import { Hono } from "hono";
import { depsOf } from "./deps.ts";
import { onError } from "./endpoints/on-error.ts";
import { empty } from "./endpoints/respond.ts";
import { token } from "./endpoints/token.ts";
import { Refusal } from "./protocol/refusal.ts";

/** The URL table. Each path works with and without its trailing slash. */
export const app: Hono<{ Bindings: Env }> = new Hono<{ Bindings: Env }>({ strict: false });

app.post("/o/token", async ({ req, env }) => token(req.raw, await depsOf(env)));
app.options("/o/token", () => empty(204, { Allow: "POST, OPTIONS" }));
app.all("/o/token", () => {
  throw new Refusal("method_not_allowed");
});

app.notFound(() => {
  throw new Refusal("unknown_path");
});
app.onError(onError);
