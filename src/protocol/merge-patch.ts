import { isObject } from "./json.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Applies a JSON merge patch (RFC 7396 §2): null removes a member, an object is merged, anything
 * else replaces it. Undefined, which only callers by RPC can send, is as absent. Recursive: the
 * caller limits the depth of the patch.
 */
export function mergePatch(target: Json, patch: Json): Json {
  const merged = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) merged.delete(name);
    else merged.set(name, isObject(value) ? mergePatch(objectOr(merged.get(name)), value) : value);
  }
  return Object.fromEntries(merged);
}

function objectOr(value: unknown): Json {
  return isObject(value) ? value : {};
}
