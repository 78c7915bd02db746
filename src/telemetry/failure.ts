/** What failed, as far as a log may say. */
export interface Failure {
  readonly name: string;
  readonly message?: string;
  /** Where in the code, for an unexpected error. */
  readonly frames?: readonly string[];
}

/** Errors whose messages this service writes. By name, since their classes are in upper layers. */
const EXPECTED: ReadonlySet<string> = new Set(["Unavailable", "ConfigError", "Misconfigured"]);

/** Longest platform message that is kept, in characters. */
const CAUSE_LENGTH_MAX = 200;

/** A word, a short number, or the prefix of D1's messages. */
const PLAIN_WORD = /^(?:[A-Za-z_]{1,24}|\d{1,6}|D1_[A-Z_]{1,24})[.,:;]?$/;

/** Most stack frames that are kept: enough to find the place. */
const FRAMES_MAX = 8;

/**
 * Describes an error for the log. Omits everything that may quote a caller: the message of an
 * unexpected error (`JSON.parse` quotes its input), and quoted parts of a platform message.
 */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: typeof error };
  const name = /^\w{1,40}$/.test(error.name) ? error.name : "Error";
  if (!EXPECTED.has(name)) return { name, frames: readFrames(error) };
  const cause = error.cause === undefined ? "" : `: ${keepWords(error.cause)}`;
  return { name, message: error.message + cause };
}

/** The frames of a stack, without its first lines, which repeat the message. */
function readFrames({ name, message, stack = "" }: Error): string[] {
  const heads = [`${name}: ${message}`, ...(message === "" ? [name] : [])];
  const head = heads.find((candidate) => stack.startsWith(candidate));
  if (head === undefined) return [];
  const lines = stack.slice(head.length).split("\n");
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(0, FRAMES_MAX);
}

/**
 * The words and short numbers of a platform message, up to the first quotation mark. Anything else,
 * such as an address or an id, becomes an ellipsis.
 */
function keepWords(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [unquoted = ""] = text.slice(0, CAUSE_LENGTH_MAX).split(/["'`]/);
  const words = unquoted.trim().split(/\s+/);
  return words.map((word) => (PLAIN_WORD.test(word) ? word : "…")).join(" ");
}
