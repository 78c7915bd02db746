import { type McpRequestContext, McpServer, requireScopes } from "@modelcontextprotocol/server";
import { z } from "zod";

/** Notes by user. An example: they are lost with the isolate. Use D1 or a Durable Object. */
const NOTES = new Map<string, string[]>();

/**
 * Makes the MCP server of one request, for the user of its token. A call without the scopes of its
 * tool gets 403 with all of them (MCP, "Scope Challenge Handling"), so that the client can ask the
 * user for more.
 */
export function createNotesServer({ authInfo }: McpRequestContext): McpServer {
  const user = String(authInfo?.extra?.["subject"] ?? authInfo?.clientId);
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  server.registerTool(
    "list_notes",
    {
      description: "Lists your notes",
      annotations: { readOnlyHint: true },
      scopeChallenge: requireScopes("notes:read"),
    },
    async () => text((NOTES.get(user) ?? []).join("\n") || "No notes yet."),
  );
  server.registerTool(
    "add_note",
    {
      description: "Adds a note",
      inputSchema: z.object({ note: z.string().max(1000) }),
      scopeChallenge: requireScopes("notes:read", "notes:write"),
    },
    async ({ note }) => {
      const notes = [...(NOTES.get(user) ?? []), note].slice(-100);
      NOTES.set(user, notes);
      return text(`Added. You have ${notes.length}.`);
    },
  );
  return server;
}

function text(content: string) {
  return { content: [{ type: "text" as const, text: content }] };
}
