import { CommandError } from "../command-error.ts";
import { clientFieldsPart, grantsPart, profileFieldsPart } from "./clients.ts";
import { commandsPart } from "./commands.ts";
import { bindingsPart, deployDescriptions, secretsPart, settingsPart } from "./configuration.ts";
import { errorsPage } from "./errors.ts";
import {
  auditActionsPart,
  auditFieldsPart,
  logFieldsPart,
  metricColumnsPart,
} from "./observability.ts";

/** The generated parts, by the name in their marker. */
const PARTS: Readonly<Record<string, () => string>> = {
  settings: settingsPart,
  secrets: secretsPart,
  bindings: bindingsPart,
  commands: commandsPart,
  "client-fields": clientFieldsPart,
  "profile-fields": profileFieldsPart,
  grants: grantsPart,
  "log-fields": logFieldsPart,
  "audit-actions": auditActionsPart,
  "audit-fields": auditFieldsPart,
  "metric-columns": metricColumnsPart,
};

/** A generated part, from its start marker to its end marker. */
const MARKED = /^<!-- generated: (\S+) -->\n(?:.*\n)*?<!-- end of generated -->$/gm;

/**
 * Updates the generated parts of a file: in Markdown, the text between
 * `<!-- generated: NAME -->` and `<!-- end of generated -->`; in package.json,
 * `cloudflare.bindings`. All of docs/errors.md is generated.
 *
 * @throws CommandError when a marker has an unknown name
 */
export function generate(path: string, text: string): string {
  if (path === "docs/errors.md") return errorsPage();
  if (path === "package.json") return generateManifest(text);
  return text.replaceAll(MARKED, (_, name: string) => {
    const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
    if (part === undefined) {
      const known = Object.keys(PARTS).join(", ");
      throw new CommandError(`${path}: unknown generated part ${name}. Known: ${known}.`);
    }
    return `<!-- generated: ${name} -->\n\n${part()}\n\n<!-- end of generated -->`;
  });
}

function generateManifest(text: string): string {
  const manifest = JSON.parse(text);
  manifest.cloudflare.bindings = deployDescriptions();
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
