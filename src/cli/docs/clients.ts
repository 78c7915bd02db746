import { GRANTS } from "../../grants/index.ts";
import { table } from "./configuration.ts";

/** The grants of docs/clients.md. */
export function grantsPart(): string {
  const rows = GRANTS.map((grant) => [
    `\`${grant.grantType}\``,
    `${grant.summary} (${grant.specification})`,
    Object.keys(grant.parameters).map(code).join(", ") || "none",
    grant.allowsPublicClients ? "yes" : "no",
  ]);
  return table(["`grant_type`", "meaning", "parameters", "public clients"], rows);
}

function code(text: string): string {
  return `\`${text}\``;
}
