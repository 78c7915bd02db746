import { globSync, readFileSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { ADMIN_PATHS, PATHS } from "../../src/endpoints/urls.ts";
import {
  DOCUMENT,
  DOCUMENTED,
  type DocumentedOperation,
  type Node,
  problemsOf,
  resolve,
} from "../support/openapi.ts";

const { url } = inject("server");
const components = DOCUMENT["components"] as Record<string, Record<string, Node>>;
const schemes = components["securitySchemes"] ?? {};

/** Every object of the document, with its path. */
function* nodesBelow(node: unknown, way = "#"): Generator<{ node: Node; way: string }> {
  if (typeof node !== "object" || node === null) return;
  yield { node: node as Node, way };
  for (const [name, inner] of Object.entries(node)) yield* nodesBelow(inner, `${way}/${name}`);
}

const references = [...nodesBelow(DOCUMENT)].flatMap(({ node }) => {
  return typeof node["$ref"] === "string" ? [node["$ref"]] : [];
});

/** Browsers open these: no program is written from the document for them. */
const OTHER_PATHS: readonly (keyof typeof PATHS)[] = [
  ...(["authorization", "account", "accountAsDot", "logout"] as const),
];
const API_PATHS = Object.entries(PATHS)
  .filter(([name]) => !(OTHER_PATHS as readonly string[]).includes(name))
  .map(([, path]) => path);

describe("the document matches the code", () => {
  test("and so does the copy in docs/, which shows how a change affects the API", async () => {
    const text = `${JSON.stringify(DOCUMENT, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(resolvePath(PROJECT_DIR, "docs/openapi.json"));
  });

  test("and so does the one that is served", async () => {
    const response = await fetch(`${url}/openapi.json`);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(await response.json()).toEqual(DOCUMENT);
  });

  test("it has every path, and every method of the path", async () => {
    const documented = Map.groupBy(DOCUMENTED, ({ path }) => path);
    expect([...documented.keys()].sort()).toEqual(
      [...API_PATHS, ...Object.values(ADMIN_PATHS)].sort(),
    );
    for (const [path, operations] of documented) {
      // By default the management API is off; management.test.ts has it on.
      if (path.startsWith("/admin/")) {
        expect((await fetch(url + path, { method: "OPTIONS" })).status).toBe(404);
        continue;
      }
      const { headers } = await fetch(url + path, { method: "OPTIONS" });
      const allowed = headers.get("Allow")?.split(", ").sort();
      const methods = operations.map(({ method }) => method.toUpperCase());
      expect({ path, allowed }).toEqual({ path, allowed: [...methods, "OPTIONS"].sort() });
    }
  });

  test("it has every parameter that the code reads, and no other", () => {
    const folders = "src/{endpoints,grants,client-auth}/*.ts";
    const read = globSync(folders, { cwd: PROJECT_DIR }).flatMap((path) => {
      const code = readFileSync(resolvePath(PROJECT_DIR, path), "utf8");
      return [...code.matchAll(/params\.(?:get|has)\("(\w+)"\)/g)].map(([, name]) => name);
    });
    const ofForms = DOCUMENTED.filter(({ path }) => {
      return !path.startsWith("/admin/") && path !== PATHS.registration;
    });
    const bodies = ofForms.flatMap(({ requestBody }) => {
      const { content = {} } = (requestBody ?? {}) as { content?: Record<string, Node> };
      return Object.values(content).map(({ schema }) => schema as { $ref: string });
    });
    const documented = bodies.flatMap(({ $ref }) => {
      return Object.keys(resolve($ref)["properties"] as Node);
    });
    // RFC 7009 §2.1 and 7662 §2.1 define it; this service does not need it.
    const ignored = ["token_type_hint"];
    expect([...new Set(documented)].sort()).toEqual([...new Set([...read, ...ignored])].sort());
  });
});

describe("the document is valid OpenAPI 3.1:", () => {
  test("it has versions and a title", () => {
    const { openapi, info } = DOCUMENT as { openapi: string; info: Node };
    expect(openapi).toMatch(/^3\.1\.\d+$/);
    expect(info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
  });

  test("every reference resolves, and every schema is used", () => {
    for (const reference of references) expect(resolve(reference)).toBeTypeOf("object");
    const names = Object.keys(components["schemas"] ?? {});
    const named = new Set(references.map((reference) => reference.split("/").at(-1)));
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });

  test("operations have unique ids, and declared tags", () => {
    const ids = DOCUMENTED.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const declared = (DOCUMENT["tags"] as Node[]).map(({ name }) => name);
    const used = DOCUMENTED.flatMap(({ tags }) => tags as string[]);
    expect([...new Set(used)].sort()).toEqual(declared.sort());
  });

  test.each(DOCUMENTED.map((operation) => [operation.operationId, operation] as const))(
    "%s has a summary, and complete responses, parameters, body and security",
    (_, operation) => {
      expect(operation.path).toMatch(/^\//);
      expect(operation).toMatchObject({
        operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/),
        summary: expect.stringMatching(/./),
        description: expect.stringMatching(/./),
      });
      expectWholeAnswers(operation);
      expectWholeRequest(operation);
    },
  );

  test("security schemes have the members of their type", () => {
    for (const [name, scheme] of Object.entries(schemes)) {
      expect({ name, type: scheme["type"] }).toEqual({
        name,
        type: expect.stringMatching(/^(?:http|oauth2)$/),
      });
      if (scheme["type"] === "http") expect(scheme["scheme"]).toMatch(/^(?:basic|bearer)$/);
      else expectWholeFlows(scheme["flows"] as Record<string, Node>);
    }
  });
});

function expectWholeAnswers({ responses, operationId }: DocumentedOperation): void {
  expect(Object.keys(responses).length).toBeGreaterThan(1);
  for (const [status, { description, headers = {}, content = {} }] of Object.entries(responses)) {
    const where = `${operationId} ${status}`;
    expect(status).toMatch(/^[1-5]\d\d$/);
    expect(description, where).toMatch(/./);
    for (const [name, header] of Object.entries(headers)) {
      const whole = { description: expect.stringMatching(/./), schema: expect.any(Object) };
      expect(header, `${where} ${name}`).toMatchObject(whole);
      expect(name).not.toMatch(/^content-type$/i);
    }
    for (const { schema, examples = {} } of Object.values(content)) {
      for (const { value } of Object.values(examples)) {
        expect(problemsOf(schema, value), where).toEqual([]);
      }
    }
  }
}

function expectWholeRequest(operation: DocumentedOperation): void {
  const { method, parameters = [], requestBody, security } = operation;
  for (const parameter of parameters as Node[]) {
    expect(parameter).toMatchObject({
      name: expect.any(String),
      in: expect.stringMatching(/^(?:query|header|path)$/),
      description: expect.stringMatching(/./),
      schema: expect.any(Object),
    });
  }
  const bodiless = ["resetPassword", "unlockUser", "endUserSessions", "endClientSessions"];
  const takesBody =
    /^(?:post|put|patch)$/.test(method) && !bodiless.includes(operation.operationId);
  expect(requestBody !== undefined).toBe(takesBody);
  for (const requirement of security as Record<string, string[]>[]) {
    for (const [name, scopes] of Object.entries(requirement)) {
      expect(Object.keys(schemes)).toContain(name);
      const flows = Object.values((schemes[name]?.["flows"] ?? {}) as Record<string, Node>);
      for (const flow of flows) expect(Object.keys(flow["scopes"] as Node)).toEqual(scopes);
    }
  }
}

function expectWholeFlows(flows: Record<string, Node>): void {
  expect(Object.keys(flows).sort()).toEqual(["authorizationCode", "clientCredentials", "password"]);
  expect(flows["authorizationCode"]).toMatchObject({ authorizationUrl: PATHS.authorization });
  for (const flow of Object.values(flows)) {
    expect(flow).toMatchObject({ tokenUrl: PATHS.token, scopes: expect.any(Object) });
  }
}
