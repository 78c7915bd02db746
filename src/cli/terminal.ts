import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { styleText } from "node:util";
import { confirm, isCancel, password, progress } from "@clack/prompts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { CommandError, usageError } from "./command-error.ts";

/** Width of a terminal that does not report it. */
const COLUMNS_DEFAULT = 80;

/** Maximum size of a secret on standard input, in bytes; signing keys are the longest. */
const INPUT_BYTES_MAX = 16 * PASSWORD_BYTES_MAX;

/** Minimum number of steps for which progress is shown. */
const PROGRESS_STEPS_MIN = 20;

/** Interval of progress lines without a terminal, in milliseconds. */
const PROGRESS_LINE_MS = 10_000;

/** A stream that may be a terminal. */
type MaybeTerminal<Stream> = Stream & { readonly isTTY?: boolean };

/** Input, output and notes: the standard streams of a process. */
export interface Streams {
  readonly input: MaybeTerminal<Readable>;
  readonly output: MaybeTerminal<Writable> & { readonly columns?: number };
  readonly notes: MaybeTerminal<Writable>;
}

/** How a command communicates: results on stdout, everything else on stderr. */
export interface Terminal {
  /** Maximum width of a table, in characters. */
  readonly columns: number;
  /** Makes text bold if the output is a terminal and `NO_COLOR` is not set. */
  bold(text: string): string;
  /** Whether the command can prompt. */
  readonly isInteractive: boolean;
  /** Writes part of the result; waits when the reader is slow. */
  write(text: string): Promise<void>;
  /** Writes a message that is not part of the result. */
  note(text: string): void;
  /** Reads all of standard input. @throws CommandError when it is longer than `bytesMax` */
  readInput(bytesMax: number): Promise<Buffer>;
  /**
   * Prompts for a secret on a terminal. Otherwise reads it from standard input, but only if the
   * option is set, so that an unintended pipe is not taken for a secret.
   *
   * @throws CommandError when the secret is missing or the prompt is cancelled
   */
  readSecret(
    message: string,
    option: { name: string; isSet: boolean; isTypedTwice?: boolean },
  ): Promise<string>;
  /** Asks for confirmation. @throws CommandError when it is not given */
  confirm(message: string, isAgreed: boolean): Promise<void>;
  /** Shows progress: a bar on a terminal, otherwise a line every 10 s. */
  showProgress(message: string): Progress;
}

/** Progress of a long command. */
interface Progress {
  /** @param done number of finished steps, of `total` */
  advance(done: number, total: number): void;
  end(): void;
}

/** Creates a {@link Terminal} on a process's streams. */
export function createTerminal({ input, output, notes }: Streams): Terminal {
  const isInteractive = input.isTTY === true && notes.isTTY === true;
  const prompts = { input, output: notes };
  return {
    isInteractive,
    columns: output.isTTY === true ? (output.columns ?? COLUMNS_DEFAULT) : COLUMNS_DEFAULT,

    bold(text) {
      const hasColour = output.isTTY === true && !process.env["NO_COLOR"];
      return hasColour ? styleText("bold", text, { validateStream: false }) : text;
    },

    async write(text) {
      if (!output.write(text)) await once(output, "drain");
    },

    note(text) {
      notes.write(`${text}\n`);
    },

    readInput(bytesMax) {
      return readAll(input, bytesMax);
    },

    async readSecret(message, { name, isSet, isTypedTwice = false }) {
      if (!isInteractive) {
        if (!isSet) throw usageError(`${message}: without a terminal, use ${name}.`);
        return readLine(input, message);
      }
      const answer = await password({ message, ...prompts });
      if (isCancel(answer)) throw cancelled();
      if (answer === undefined || answer === "") throw usageError(`${message}: is empty`);
      if (!isTypedTwice) return answer;
      const again = await password({ message: `${message} (repeat)`, ...prompts });
      if (isCancel(again)) throw cancelled();
      if (again !== answer) throw usageError(`${message}: the two entries differ`);
      return answer;
    },

    async confirm(message, isAgreed) {
      if (isAgreed) return;
      if (!isInteractive) throw usageError(`${message} Without a terminal, use --yes.`);
      const answer = await confirm({ message, initialValue: false, ...prompts });
      if (answer !== true) throw cancelled();
    },

    showProgress(message) {
      return isInteractive ? showBar(message, notes) : showLines(message, notes);
    },
  };
}

/** A bar of 100 parts: drawing it for every step would take longer than the steps. */
function showBar(message: string, notes: Writable): Progress {
  let bar: ReturnType<typeof progress> | null = null;
  let shown = 0;
  return {
    advance(done, total) {
      if (total < PROGRESS_STEPS_MIN) return;
      if (bar === null) {
        bar = progress({ max: 100, output: notes });
        bar.start(message);
      }
      const percent = Math.floor((100 * done) / total);
      if (percent > shown) bar.advance(percent - shown);
      shown = percent;
    },
    end() {
      bar?.stop(message);
    },
  };
}

function showLines(message: string, notes: Writable): Progress {
  // Counted from the first step, which excludes starting workerd.
  let shownAtMs: number | null = null;
  return {
    advance(done, total) {
      shownAtMs ??= performance.now();
      if (total < PROGRESS_STEPS_MIN || performance.now() - shownAtMs < PROGRESS_LINE_MS) return;
      shownAtMs = performance.now();
      notes.write(`${message}: ${Math.floor((100 * done) / total)} %\n`);
    },
    end() {},
  };
}

async function readAll(input: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > bytesMax) throw usageError(`Standard input is longer than ${bytesMax} bytes.`);
  }
  return Buffer.concat(chunks);
}

/** Reads all of standard input, without the final line break that editors and `echo` add. */
async function readLine(input: Readable, message: string): Promise<string> {
  const bytes = await readAll(input, INPUT_BYTES_MAX);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw usageError(`${message}: standard input is not UTF-8`);
  }
  const line = text.replace(/\r?\n$/, "");
  if (line === "") throw usageError(`${message}: standard input is empty`);
  return line;
}

function cancelled(): CommandError {
  return new CommandError("Cancelled. Nothing was changed.");
}
