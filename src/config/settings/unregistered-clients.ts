import { DOCUMENT_POLICY } from "../kinds.ts";
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
      "vscode.dev`, or `open` for all. Users are asked for consent every time.",
  },
} as const satisfies Readonly<Record<string, Setting>>;
