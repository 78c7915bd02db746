import { describe, expect, test } from "vitest";
import page from "../../SECURITY.md?raw";
import { createApp } from "../../src/app.ts";
import * as worker from "../../src/index.ts";
import { createService } from "../support/service.ts";

const service = createService({ MANAGEMENT_API: "on" });

/** The rows of the table of endpoints: path, methods and callers. */
const ENDPOINTS = [...page.matchAll(/^\| `(\/[^`]*)` \| ([A-Z, ]+) \| (.*) \|$/gm)].map(
  ([, path = "", methods = "", words = ""]) => {
    return { path, methods: methods.split(", "), isFile: words.endsWith("a static file") };
  },
);

/** A path as Hono has it: without the slash at its end, and with names for what varies. */
const asRoute = (path: string) => path.replaceAll(/\{(\w+)\}/g, ":$1").replace(/(?<=.)\/$/, "");

describe("the table of endpoints in SECURITY.md", () => {
  const ofWorker = ENDPOINTS.filter(({ isFile }) => !isFile);

  test("has every route of the service, and no other", () => {
    // Middleware of every path responds to none.
    const routes = createApp(["/o"])
      .routes.map(({ path }) => path)
      .filter((path) => path !== "/*");
    const listed = ofWorker.map(({ path }) => asRoute(path));
    expect(routes.toSorted()).toEqual(listed.toSorted());
  });

  test("has no pattern for more than one path", () => {
    for (const { path } of createApp(["/o"]).routes) expect(path).toMatch(/^\/\*$|^[\w/:.-]+$/);
  });

  test.each(ofWorker)("has the methods of $path", async ({ path, methods }) => {
    const { headers } = await service.fetch(path.replaceAll(/\{\w+\}/g, "x"), {
      method: "OPTIONS",
    });
    expect(headers.get("Allow")).toBe([...methods, "OPTIONS"].join(", "));
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
      const isListed = methods.includes(method === "HEAD" ? "GET" : method);
      const { status } = await service.fetch(path.replaceAll(/\{\w+\}/g, "x"), { method });
      expect({ method, isRefused: status === 405 }).toEqual({ method, isRefused: !isListed });
    }
  });

  test("is followed by every entrypoint for other Workers", () => {
    const [, words = ""] = page.split("Workers of the same account reach");
    const listed = [...words.matchAll(/`([A-Z][a-z]\w+)`/g)].map(([, name]) => name);
    const exported = Object.keys(worker).filter((name) => name !== "default");
    expect(exported.toSorted()).toEqual([...new Set(listed)].toSorted());
    expect(Object.keys(worker.default)).toEqual(["fetch", "scheduled"]);
  });
});
