import { type Failure, note } from "./record.ts";

/** Why a request has no success through no rule that refused it. */
export type FailureReason =
  | "method_not_allowed"
  | "storage_failed"
  | "misconfigured"
  | "unexpected_error";

/** The errors whose messages are the service's own words, by name: their classes are above here. */
const EXPECTED: Readonly<Record<string, FailureReason>> = {
  Unavailable: "storage_failed",
  ConfigError: "misconfigured",
  Misconfigured: "misconfigured",
};

/** Longest text of the platform that is kept, in characters. */
const CAUSE_LENGTH_MAX = 200;

/** A word of a sentence, a short number, or what D1 begins its messages with. */
const PLAIN_WORD = /^(?:[A-Za-z_]{1,24}|\d{1,6}|D1_[A-Z_]{1,24})[.,:;]?$/;

/** Stack frames that are kept: enough to find the place. */
const FRAMES_MAX = 8;

/**
 * Says what broke, for the log. Whatever may quote a caller is left out: the message of an error
 * that nobody expects (`JSON.parse` quotes its input), and what the platform puts into quotes.
 */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: typeof error };
  const name = /^\w{1,40}$/.test(error.name) ? error.name : "Error";
  if (!Object.hasOwn(EXPECTED, name)) return { name, frames: framesOf(error) };
  const cause = error.cause === undefined ? "" : `: ${wordsOf(error.cause)}`;
  return { name, message: error.message + cause };
}

/** Notes what broke a request, for its line in the log. */
export function noteFailure(error: unknown): void {
  const failure = describeFailure(error);
  note({ failure, reason: EXPECTED[failure.name] ?? "unexpected_error" });
}

/** The frames of a stack without its first lines, which repeat the message. */
function framesOf({ name, message, stack = "" }: Error): string[] {
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
 * The plain words of a platform's message, up to the first quotation mark: words of letters and
 * short numbers. Anything else, such as an address or an id, becomes an ellipsis.
 */
function wordsOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [unquoted = ""] = text.slice(0, CAUSE_LENGTH_MAX).split(/["'`]/);
  const words = unquoted.trim().split(/\s+/);
  return words.map((word) => (PLAIN_WORD.test(word) ? word : "…")).join(" ");
}
