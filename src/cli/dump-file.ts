import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { type Duplex, pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { streamArray } from "stream-json/streamers/stream-array.js";
import { streamValues } from "stream-json/streamers/stream-values.js";
import { messageOf, usageError } from "./command-error.ts";

/** Size of one read, in bytes. */
const CHUNK_BYTES = 64 * 1024;

/** Parser options of a dump. Numbers stay strings: a key may exceed the precision of a double. */
const PARSER_OPTIONS = { numberAsString: true, streamValues: false, streamKeys: false };

/** A file of `manage.py dumpdata`: JSON or JSON Lines, with or without gzip. */
export interface DumpFile {
  /** How many times one `read` calls `onChunk`. */
  readonly chunks: number;
  /**
   * Streams the rows, from the first.
   *
   * @throws CommandError when the file cannot be read or is not JSON
   */
  read(onChunk: () => void): AsyncGenerator<unknown>;
}

/** Opens a dump. @throws CommandError when the file cannot be read */
export function openDump(path: string): DumpFile {
  try {
    const { size } = statSync(path);
    const isGzip = startsWithGzip(path);
    const read = (onChunk: () => void) => readValues(path, isGzip, onChunk);
    return { chunks: Math.ceil(size / CHUNK_BYTES), read };
  } catch (error) {
    throw usageError(`${path}: ${messageOf(error)}`);
  }
}

async function* readValues(
  path: string,
  isGzip: boolean,
  onChunk: () => void,
): AsyncGenerator<unknown> {
  let number = 0;
  try {
    for await (const value of parse(decode(unpack(path, isGzip, onChunk)))) {
      number += 1;
      yield value;
    }
  } catch (error) {
    const place = number === 0 ? "at the start" : `after record ${number}`;
    throw usageError(`${path}: invalid or truncated JSON ${place}: ${messageOf(error)}`);
  }
}

function unpack(path: string, isGzip: boolean, onChunk: () => void): Readable {
  const bytes = Readable.from(counted(createReadStream(path, CHUNK_OPTIONS), onChunk));
  return isGzip ? joined(bytes, createGunzip()) : bytes;
}

const CHUNK_OPTIONS = { highWaterMark: CHUNK_BYTES };

async function* counted(chunks: Readable, onChunk: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onChunk();
    yield chunk;
  }
}

async function* decode(chunks: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** A dump is one array, or one object per line with `--format jsonl`. */
async function* parse(texts: AsyncGenerator<string>): AsyncGenerator<unknown> {
  let start = "";
  for (let next = await texts.next(); !next.done; next = await texts.next()) {
    start += next.value;
    if (start.trim() !== "") break;
  }
  const first = start.trimStart()[0];
  if (first !== "[" && first !== "{") throw new Error(first === undefined ? "empty" : "no JSON");
  const streamer = first === "[" ? streamArray : streamValues;
  const all = Readable.from(following(start, texts));
  const values = joined(all, streamer.withParserAsStream(PARSER_OPTIONS));
  for await (const { value } of values) yield value;
}

async function* following(start: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield start;
  yield* rest;
}

/** Pipes `source` into `target` and passes errors on, so that the reader of `target` sees them. */
function joined(source: Readable, target: Duplex): Duplex {
  return pipeline(source, target, () => {}) as Duplex;
}

function startsWithGzip(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(2);
    readSync(file, start, 0, 2, 0);
    return start.equals(Buffer.from([0x1f, 0x8b]));
  } finally {
    closeSync(file);
  }
}
