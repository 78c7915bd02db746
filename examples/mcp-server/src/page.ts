import { html } from "hono/html";
import { SCOPES } from "./scopes.ts";

/** How to connect one client. */
interface Instructions {
  readonly client: string;
  readonly steps: string;
  /** A command or a file, or none. */
  readonly code?: string;
}

/** The page at `/`: how to connect each of the large clients to this server. */
export function connectPage(url: string, issuer: string) {
  const scopes = Object.entries(SCOPES);
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Notes, an MCP server</title>
    <style>
      :root { color-scheme: light dark }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem }
      pre { overflow-x: auto; padding: .75rem; background: color-mix(in srgb, currentColor 8%, transparent) }
    </style>
  </head>
  <body>
    <h1>Notes, an MCP server</h1>
    <p>Its URL is <code>${url}</code>. It has two tools, and each needs its scope:</p>
    <ul>
      <li><code>list_notes</code> needs <code>${scopes[0]?.[0]}</code>.</li>
      <li><code>add_note</code> needs <code>${scopes.map(([name]) => name).join(" ")}</code>.</li>
    </ul>
    <p>A client finds the token service <code>${issuer}</code> by itself. It opens a browser, where you sign in and allow what it asks for.</p>
    ${instructions(url).map(
      ({ client, steps, code }) => html`<h2>${client}</h2>
    <p>${steps}</p>
    ${code === undefined ? "" : html`<pre><code>${code}</code></pre>`}`,
    )}
  </body>
</html>`;
}

function instructions(url: string): Instructions[] {
  const asJson = (value: unknown) => JSON.stringify(value, null, 2);
  return [
    {
      client: "claude.ai and Claude Desktop",
      steps:
        "Settings, Connectors, Add custom connector: paste the URL. It calls from the internet, so it needs a deployed server.",
    },
    {
      client: "Claude Code",
      steps: "Run the command, then /mcp in a session and choose Authenticate.",
      code: `claude mcp add --transport http notes ${url}`,
    },
    {
      client: "ChatGPT",
      steps:
        "Settings, Apps, Advanced settings, Developer mode; then Create: paste the URL and choose OAuth. It needs a deployed server.",
    },
    {
      client: "VS Code",
      steps: "Put this into .vscode/mcp.json and choose Start above the server's name.",
      code: asJson({ servers: { notes: { type: "http", url } } }),
    },
    {
      client: "Cursor",
      steps: "Put this into .cursor/mcp.json; then Settings, MCP, Connect.",
      code: asJson({ mcpServers: { notes: { url } } }),
    },
    {
      client: "MCP Inspector",
      steps: "The first command opens its web page, the second lists the tools in a shell.",
      code:
        `npx @modelcontextprotocol/inspector --server-url ${url} --transport http\n` +
        `npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list`,
    },
    {
      client: "Any client that only starts local servers: mcp-remote",
      steps: "It runs on this computer and forwards to the URL.",
      code: asJson({ mcpServers: { notes: { command: "npx", args: ["-y", "mcp-remote", url] } } }),
    },
  ];
}
