import { expect } from "vitest";
import { fromJSONSchema } from "zod";
import { openApiDocument } from "../../src/openapi/document.ts";

/** Any object of the document. */
export type Node = Readonly<Record<string, unknown>>;

/** A Response Object, as far as answers are held against it. */
interface DocumentedAnswer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { required?: boolean; schema: Node }>>;
  readonly content?: Readonly<Record<string, DocumentedBody>>;
}

interface DocumentedBody {
  readonly schema: Node;
  readonly examples?: Readonly<Record<string, { value: unknown }>>;
}

/** An Operation Object, with its location. */
export interface DocumentedOperation {
  readonly path: string;
  readonly method: string;
  readonly operationId: string;
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
  readonly [member: string]: unknown;
}

/** The document, made anew. */
export const DOCUMENT = openApiDocument() as Node;

/** Every operation of the document. */
export const DOCUMENTED: readonly DocumentedOperation[] = Object.entries(
  DOCUMENT["paths"] as Record<string, Record<string, DocumentedOperation>>,
).flatMap(([path, methods]) => {
  return Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method }));
});

/** Headers that HTTP itself or the safety of browsers gives any response. */
const UNDOCUMENTED_HEADERS = [
  ...["content-type", "content-length", "content-security-policy", "referrer-policy"],
  ...["cross-origin-resource-policy", "strict-transport-security", "x-content-type-options"],
  "x-frame-options",
];

/** Compares a real response with what the document has for its status, and nothing more. */
export async function expectDocumented(
  { operationId, responses }: DocumentedOperation,
  response: Response,
): Promise<unknown> {
  const text = await response.text();
  const where = `${operationId} ${response.status} ${text}`;
  const documented = responses[response.status];
  if (documented === undefined) throw new Error(`${where}: this status is not documented`);
  expectHeaders(documented, response.headers, where);
  if (documented.content === undefined) {
    expect([text, response.headers.get("Content-Type")], where).toEqual(["", null]);
    return null;
  }
  const mediaType = response.headers.get("Content-Type")?.replace(/;.*/, "") ?? "";
  expect(Object.keys(documented.content), where).toContain(mediaType);
  const { schema, examples } = documented.content[mediaType] as DocumentedBody;
  const body: unknown = mediaType.endsWith("json") ? JSON.parse(text) : text;
  expect(problemsOf(schema, body), where).toEqual([]);
  if (examples !== undefined) {
    expect(
      Object.values(examples).map(({ value }) => value),
      where,
    ).toContainEqual(body);
  }
  return body;
}

function expectHeaders(documented: DocumentedAnswer, headers: Headers, where: string): void {
  const all = Object.entries(documented.headers ?? {});
  const names = all.map(([name]) => name.toLowerCase());
  const undocumented = [...headers.keys()].filter((name) => {
    return !names.includes(name) && !UNDOCUMENTED_HEADERS.includes(name);
  });
  expect(undocumented, where).toEqual([]);
  for (const [name, { required = false, schema }] of all) {
    const value = headers.get(name);
    if (value === null) expect(required, `${where} lacks ${name}`).toBe(false);
    else expect(problemsOf(schema, value), `${where} ${name}`).toEqual([]);
  }
}

/** Compiled schemas of the document: thousands of responses and headers share some hundred. */
const checkers = new WeakMap<Node, ReturnType<typeof fromJSONSchema>>();

/** What is wrong with a value by a schema of the document; a member that has no schema is wrong. */
export function problemsOf(schema: Node, value: unknown): readonly string[] {
  const checker =
    checkers.get(schema) ?? fromJSONSchema(closed(schema) as Parameters<typeof fromJSONSchema>[0]);
  checkers.set(schema, checker);
  const { error } = checker.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** Follows a reference. @throws Error when it leads nowhere */
export function resolve(reference: string): Node {
  let at: unknown = DOCUMENT;
  for (const step of reference.replace(/^#\//, "").split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    at = (at as Node | undefined)?.[name];
  }
  if (!reference.startsWith("#/") || at === undefined) throw new Error(`${reference}: nothing`);
  return at as Node;
}

/** The schema with its references followed, and objects shut that say nothing of other members. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const { $ref, ...own } = schema as Node;
  if (typeof $ref === "string") return closed(resolve($ref));
  const inner = Object.entries(own).map(([name, value]) => [name, closed(value)]);
  const isOpen = own["type"] === "object" && !("additionalProperties" in own);
  return Object.fromEntries([...inner, ...(isOpen ? [["additionalProperties", false]] : [])]);
}
