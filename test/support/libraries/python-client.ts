import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PYTHON } from "../debian.ts";
import { CALLBACK } from "./code-client.ts";
import type { IndependentClient, LibraryTokens } from "./independent-client.ts";

/** How a Python library is used. */
interface PythonLibrary {
  /** In `test/support/libraries/python`. */
  readonly script: string;
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly method: "client_secret_basic" | "client_secret_post";
}

/** A refusal, as the library reported it. */
class LibraryRefusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** A library of Debian's Python; each call is a process of its own. */
export function pythonClient(library: PythonLibrary): IndependentClient {
  const call = (name: string, argumentsByName: object) =>
    callPython(library, name, argumentsByName);
  return {
    async signIn(visit) {
      const { url, ...kept } = await call("authorization_url", { redirect_uri: CALLBACK });
      const callback = await visit(String(url));
      return read(await call("exchange", { redirect_uri: CALLBACK, callback, ...kept }));
    },
    logIn: async (username, password) => read(await call("log_in", { username, password })),
    refresh: async ({ refreshToken: refresh_token }) => {
      return read(await call("refresh", { refresh_token }));
    },
    clientCredentials: async (scope) => read(await call("client_credentials", { scope })),
    revoke: async ({ refreshToken: token }) => {
      await call("revoke", { token });
    },
    introspect: (token) => call("introspect", { token }),
    codeOf: (error) => (error instanceof LibraryRefusal ? error.code : undefined),
  };
}

type Result = Readonly<Record<string, unknown>>;

async function callPython(
  { script, origin, clientId, clientSecret, method }: PythonLibrary,
  call: string,
  argumentsByName: object,
): Promise<Result> {
  const child = spawn(PYTHON, [join(import.meta.dirname, "python", script)], {
    // The library insists on https otherwise, and the test is on this machine.
    env: { ...process.env, OAUTHLIB_INSECURE_TRANSPORT: "1", PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const credentials = { client_id: clientId, client_secret: clientSecret, method };
  child.stdin.end(JSON.stringify({ origin, ...credentials, call, arguments: argumentsByName }));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === "") throw new Error(stderr);
  const { result, error } = JSON.parse(stdout) as { result?: Result; error?: string };
  if (error !== undefined) throw new LibraryRefusal(error);
  return result ?? {};
}

/** Its scope is a string, or in oauthlib a list. */
function read(token: Result): LibraryTokens {
  const { access_token, refresh_token, scope } = token as Record<string, string | undefined>;
  return {
    accessToken: access_token ?? "",
    refreshToken: refresh_token,
    scope: [scope ?? []].flat().join(" "),
    expiresIn: Number(token["expires_in"]),
  };
}
