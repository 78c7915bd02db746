import type { ListedResource } from "../clients/resources.ts";
import { utf8 } from "../crypto/bytes.ts";
import { isObject } from "../protocol/json.ts";
import {
  findResource,
  isResource,
  RESOURCE_BYTES_MAX,
  RESOURCES_MAX,
} from "../protocol/resource.ts";
import { parseScope } from "../protocol/scope.ts";
import type { Kind, Read } from "./kinds.ts";

/** APIs with their scopes: JSON, a table of wrangler.toml, or only their URIs. */
export const RESOURCES: Kind<readonly ListedResource[]> = {
  allowed:
    "a JSON object of URIs and scopes, or URIs separated by spaces, each without a fragment and " +
    `of at most ${RESOURCE_BYTES_MAX} bytes, at most ${RESOURCES_MAX}`,
  read(given) {
    const isList = typeof given === "string" && !given.trim().startsWith("{");
    return isList ? readUris(given) : readObject(given);
  },
};

function readUris(text: string): Read<readonly ListedResource[]> {
  const uris = text.split(/\s+/).filter((uri) => uri !== "");
  return check(uris.map((uri) => ({ uri, scope: null })));
}

function readObject(given: unknown): Read<readonly ListedResource[]> {
  let value = given;
  try {
    if (typeof given === "string") value = JSON.parse(given);
  } catch {
    return { problem: "is not JSON" };
  }
  if (!isObject(value)) return { problem: "is not an object" };
  const resources: ListedResource[] = [];
  for (const [uri, names] of Object.entries(value)) {
    const text = Array.isArray(names) ? names.join(" ") : names;
    const scope = typeof text === "string" ? parseScope(text) : null;
    if (scope === null || scope.length === 0) return { problem: `has no scopes for ${uri}` };
    resources.push({ uri, scope });
  }
  return check(resources);
}

function check(resources: readonly ListedResource[]): Read<readonly ListedResource[]> {
  const uris = resources.map(({ uri }) => uri);
  const wrong = uris.find((uri) => !isResource(uri) || utf8(uri).length > RESOURCE_BYTES_MAX);
  if (wrong !== undefined) return { problem: `has ${JSON.stringify(wrong.slice(0, 40))}` };
  const duplicate = uris.find((uri, index) => findResource(uri, uris.slice(0, index)));
  if (duplicate !== undefined) return { problem: `has ${duplicate} twice` };
  const isCounted = resources.length > 0 && resources.length <= RESOURCES_MAX;
  return isCounted ? { value: resources } : { problem: `has ${resources.length} resources` };
}
