import type { LocalExample } from "../local-example.ts";
import { SCOPES } from "./src/scopes.ts";

const scopes = Object.keys(SCOPES).join(" ");

/** How `npm run example -- mcp` runs this MCP server. */
export const local: LocalExample = {
  serviceVars: (server) => ({
    SCOPES: `read write groups introspection ${scopes}`,
    SCOPE_DESCRIPTIONS: JSON.stringify(SCOPES),
    REGISTRATION: "open",
    CIMD: "open",
    RESOURCES: JSON.stringify({ [`${server}/mcp`]: scopes }),
  }),
  workerVars: (server) => ({ RESOURCE: `${server}/mcp` }),
  tour: (_, server) => `
Both Workers are ready. ${server}/ explains how to connect a client; sign in as

  user name  example
  password   example-password

For example, in another shell:

  npx @modelcontextprotocol/inspector --cli ${server}/mcp --transport http \\
    --method tools/list
`,
};
