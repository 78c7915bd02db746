import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What a server did with one connection. */
export interface RawAnswer {
  /** Status of the first response, or null where the server closed without one. */
  readonly status: number | null;
  /** Everything that the server sent, head and body, of every response. */
  readonly text: string;
  /** Bytes that had been handed to the socket when the response began. */
  readonly bytesTaken: number;
}

/** Writes to a connection; ends early when the server has answered or closed. */
export type RawWriter = (socket: Socket, hasEnded: () => boolean) => Promise<void> | void;

/** How long the response may pause before it is taken to be complete, in milliseconds. */
const QUIET_MS = 200;

/** Sends bytes that no HTTP client would, and reads whatever comes of them. */
export async function sendRaw(origin: string, write: RawWriter | string): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.setNoDelay(true);
  let text = "";
  let bytesTaken: number | null = null;
  let hasEnded = false;
  const answered = new Promise<void>((resolve) => {
    let quiet: NodeJS.Timeout;
    const end = () => {
      hasEnded = true;
      resolve();
    };
    socket.on("data", (bytes) => {
      bytesTaken ??= socket.bytesWritten - socket.writableLength;
      text += bytes.toString("latin1");
      hasEnded = true;
      clearTimeout(quiet);
      quiet = setTimeout(end, QUIET_MS);
    });
    // A server that rejects a body resets the connection while it is still written to.
    for (const event of ["end", "close", "error"] as const) socket.on(event, end);
  });
  await once(socket, "connect");
  const writing = typeof write === "string" ? asWriter(write) : write;
  await Promise.race([writing(socket, () => hasEnded), answered]);
  await answered;
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  return {
    status: status === undefined ? null : Number(status),
    text,
    bytesTaken: bytesTaken ?? socket.bytesWritten,
  };
}

function asWriter(text: string): RawWriter {
  return (socket) => {
    socket.write(Buffer.from(text, "latin1"));
  };
}

/** Writes so many bytes, as fast as they are taken. */
export function flood(head: string, bytes: number, frame = (chunk: Buffer) => [chunk]): RawWriter {
  return async (socket, hasEnded) => {
    socket.write(head);
    const chunk = Buffer.alloc(64 * 1024, "a");
    for (let sent = 0; sent < bytes && !hasEnded(); sent += chunk.length) {
      const part = chunk.subarray(0, Math.min(chunk.length, bytes - sent));
      for (const piece of frame(part)) {
        if (!socket.write(piece)) await drained(socket);
      }
    }
  };
}

/** A piece of a chunked body (RFC 9112 §7.1). */
export function asChunk(piece: Buffer): Buffer[] {
  return [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")];
}

/** Waits until the socket takes more, or is reset: which is for the reader to tell. */
async function drained(socket: Socket): Promise<void> {
  await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
}
