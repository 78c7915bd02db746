/**
 * A body of texts, each with a tag (1 byte), a length (2 bytes) and its UTF-8. A body with an
 * unknown tag is not valid: a reader that ignored the tag of a key would accept a bound token as a
 * bearer token.
 */
import { type Bytes, concat, fromUtf8, utf8 } from "../crypto/bytes.ts";

/** A tag from 1 to 255 for each field. */
export type Tags<Name extends string> = Readonly<Record<Name, number>>;

const HEAD_BYTES = 3;

/** Writes the fields in the order of the tags' table. Null: the field is absent. */
export function encodeFields<Name extends string>(
  tags: Tags<Name>,
  values: Readonly<Record<Name, string | null>>,
): Bytes {
  const fields = (Object.keys(tags) as Name[]).flatMap((name) => {
    const value = values[name];
    if (value === null) return [];
    const bytes = utf8(value);
    return [Uint8Array.of(tags[name], bytes.length >> 8, bytes.length & 255), bytes];
  });
  return concat(...fields);
}

/** @returns null for a truncated body, a repeated field, an unknown tag or invalid UTF-8 */
export function decodeFields<Name extends string>(
  tags: Tags<Name>,
  bytes: Bytes,
): Partial<Record<Name, string>> | null {
  const names = new Map((Object.keys(tags) as Name[]).map((name) => [tags[name], name]));
  const fields: Partial<Record<Name, string>> = {};
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, high = 0, low] = bytes.subarray(at, at + HEAD_BYTES);
    const end = at + HEAD_BYTES + (high << 8) + (low ?? 0);
    const name = names.get(tag);
    const value = fromUtf8(bytes.subarray(at + HEAD_BYTES, end));
    const isWhole = low !== undefined && end <= bytes.length && value !== null;
    if (!isWhole || name === undefined || fields[name] !== undefined) return null;
    fields[name] = value;
    at = end;
  }
  return fields;
}
