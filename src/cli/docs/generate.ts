import { CommandError } from "../command-error.ts";
import { clientFieldsPart, grantsPart } from "./clients.ts";
import { commandsPart } from "./commands.ts";
import { bindingsPart, deployDescriptions, secretsPart, settingsPart } from "./configuration.ts";
import { errorsPage } from "./errors.ts";
import {
  auditActionsPart,
  auditFieldsPart,
  logFieldsPart,
  metricColumnsPart,
} from "./observability.ts";

/** What is made from the tables of the source, by the name in its marker. */
const PARTS: Readonly<Record<string, () => string>> = {
  settings: settingsPart,
  secrets: secretsPart,
  bindings: bindingsPart,
  commands: commandsPart,
  "client-fields": clientFieldsPart,
  grants: grantsPart,
  "log-fields": logFieldsPart,
  "audit-actions": auditActionsPart,
  "audit-fields": auditFieldsPart,
  "metric-columns": metricColumnsPart,
};

/** From a marker to the end of what it generates. */
const MARKED = /^<!-- generated: (\S+) -->\n(?:.*\n)*?<!-- end of generated -->$/gm;

/**
 * A file with everything generated in it brought up to date. In Markdown that is what is between
 * the lines `<!-- generated: NAME -->` and `<!-- end of generated -->`; in package.json it is
 * `cloudflare.bindings`. docs/errors.md is generated as a whole.
 *
 * @throws CommandError when a marker names no part
 */
export function generate(path: string, text: string): string {
  if (path === "docs/errors.md") return errorsPage();
  if (path === "package.json") return generateManifest(text);
  return text.replaceAll(MARKED, (_, name: string) => {
    const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
    if (part === undefined) {
      const known = Object.keys(PARTS).join(", ");
      throw new CommandError(`${path}: nothing is generated as ${name}, only ${known}.`);
    }
    return `<!-- generated: ${name} -->\n\n${part()}\n\n<!-- end of generated -->`;
  });
}

function generateManifest(text: string): string {
  const manifest = JSON.parse(text);
  manifest.cloudflare.bindings = deployDescriptions();
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
