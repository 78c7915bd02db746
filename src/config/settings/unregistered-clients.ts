import { choice, DOCUMENT_POLICY, WORDS } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings for clients that no operator registers, such as MCP clients. */
export const UNREGISTERED_CLIENTS = {
  clientDocuments: {
    name: "CIMD",
    kind: DOCUMENT_POLICY,
    default: "off",
    doc:
      "Clients whose id is the URL of their metadata (client ID metadata documents): `off`, the " +
      "hosts of accepted documents, separated by spaces, such as `claude.ai chatgpt.com " +
      "vscode.dev`, or `open` for all. Users are asked for consent every time. Clients that a " +
      "user has consented to keep working when this setting changes, except with `off` those " +
      "that have their keys at a `jwks_uri`.",
  },
  registration: {
    name: "REGISTRATION",
    kind: choice("off", "open", "token"),
    default: "off",
    doc:
      "Whether clients may register themselves (RFC 7591): `off`, `open`, or `token` (only with " +
      "an access token of the scope `registration`, which a client has only by name). Nothing is " +
      "stored until a user consents, and users are asked every time. With `off`, clients that " +
      "a user has consented to keep working.",
  },
  deniedClients: {
    name: "DENIED_CLIENTS",
    kind: WORDS,
    default: null,
    doc:
      "Clients that are rejected everywhere, separated by spaces: ids, or hosts of redirect URIs " +
      "such as `app.example.com`. Their tokens end too, except for JWTs that an API checks by " +
      "itself.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
