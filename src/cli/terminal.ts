import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { styleText } from "node:util";
import { confirm, isCancel, password, progress } from "@clack/prompts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { CommandError, usageError } from "./command-error.ts";

/** How wide a terminal is that does not say so. */
const COLUMNS_DEFAULT = 80;

/** Longest standard input that is read as a secret, in bytes: a set of signing keys is longest. */
const INPUT_BYTES_MAX = 16 * PASSWORD_BYTES_MAX;

/** Fewest steps for which a bar is shown. */
const PROGRESS_STEPS_MIN = 20;

/** How often a line tells of progress where there is no bar, in milliseconds. */
const PROGRESS_LINE_MS = 10_000;

/** A stream that may be a terminal. */
type MaybeTerminal<Stream> = Stream & { readonly isTTY?: boolean };

/** The three streams of a process. */
export interface Streams {
  readonly input: MaybeTerminal<Readable>;
  readonly output: MaybeTerminal<Writable> & { readonly columns?: number };
  readonly notes: MaybeTerminal<Writable>;
}

/** How a command speaks: results on one stream, everything else on the other. */
export interface Terminal {
  /** How wide a table may be, in characters. */
  readonly columns: number;
  /** Makes text bold where the result goes to a terminal and `NO_COLOR` is not set. */
  bold(text: string): string;
  /** Whether somebody can be asked. */
  readonly isInteractive: boolean;
  /** Writes a piece of the result, and waits while the reader is slower. */
  write(text: string): Promise<void>;
  /** Says something that is not the result. */
  note(text: string): void;
  /** Reads all of standard input. @throws CommandError when it is longer */
  readInput(bytesMax: number): Promise<Buffer>;
  /**
   * Asks for a secret on a terminal, and otherwise reads it from standard input, which `option`
   * must have named: a forgotten pipe is no secret.
   *
   * @throws CommandError when there is none, or it is cancelled
   */
  readSecret(
    message: string,
    option: { name: string; isSet: boolean; isTypedTwice?: boolean },
  ): Promise<string>;
  /** Asks before something that cannot be undone. @throws CommandError unless it is agreed to */
  confirm(message: string, isAgreed: boolean): Promise<void>;
  /** Shows how far a long command is: as a bar on a terminal, as a line now and then elsewhere. */
  showProgress(message: string): Progress;
}

/** How far a long command is. */
interface Progress {
  /** @param done steps of `total`, from the start */
  advance(done: number, total: number): void;
  end(): void;
}

/** Builds a {@link Terminal} over a process's streams. */
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
        if (!isSet) throw usageError(`${message}: use ${name} where nobody can be asked.`);
        return readLine(input, message);
      }
      const answer = await password({ message, ...prompts });
      if (isCancel(answer)) throw cancelled();
      if (answer === undefined || answer === "") throw usageError(`${message}: is empty`);
      if (!isTypedTwice) return answer;
      const again = await password({ message: `${message}, once more`, ...prompts });
      if (isCancel(again)) throw cancelled();
      if (again !== answer) throw usageError(`${message}: the two are not the same`);
      return answer;
    },

    async confirm(message, isAgreed) {
      if (isAgreed) return;
      if (!isInteractive) throw usageError(`${message} Use --yes where nobody can be asked.`);
      const answer = await confirm({ message, initialValue: false, ...prompts });
      if (answer !== true) throw cancelled();
    },

    showProgress(message) {
      return isInteractive ? showBar(message, notes) : tellProgress(message, notes);
    },
  };
}

/** A bar of a hundred parts: to draw it for each of many steps would take longer than the steps. */
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

function tellProgress(message: string, notes: Writable): Progress {
  // From the first step on: what comes before it, such as starting workerd, is no progress.
  let toldAtMs: number | null = null;
  return {
    advance(done, total) {
      toldAtMs ??= performance.now();
      if (total < PROGRESS_STEPS_MIN || performance.now() - toldAtMs < PROGRESS_LINE_MS) return;
      toldAtMs = performance.now();
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

/** All of standard input without the line break that editors and `echo` put at its end. */
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
  return new CommandError("Cancelled. Nothing has changed.");
}
