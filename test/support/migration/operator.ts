import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Clone } from "../clone.ts";
import type { DjangoSite } from "../django/django-site.ts";

/** The values of names in braces, such as `{USERNAME}`. */
type Values = Readonly<Record<string, string>>;

/** Follows the page on moving, as in a rehearsal. */
export interface Operator {
  /** The text with hosts and names filled in. */
  fill(text: string, values?: Values): string;
  /** Does lines of a shell. @returns what they printed @throws Error when one fails */
  type(lines: string, values?: Values): Promise<string>;
  /** Brings the dump from the site to the clone, or another file. */
  copyDump(name?: string): void;
}

const SECRET = /^npx wrangler secret (put|delete) (\w+) --env ""$/;

/** Builds the {@link Operator} of a site to leave and a service to come to. */
export function createOperator(site: DjangoSite, clone: Clone): Operator {
  const hosts: Values = {
    "old.example.com": new URL(site.origin).host,
    "new.example.com": new URL(clone.url).host,
  };

  function fill(text: string, values: Values = {}): string {
    return text
      .replace(/https:\/\/(?=\S*(?:old|new)\.example\.com)/g, "http://")
      .replace(/(?:old|new)\.example\.com/g, (host) => hosts[host] ?? host)
      .replace(/\{([A-Z_]+)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
  }

  async function typeLine(line: string, values: Values): Promise<string> {
    const [, verb, secret] = SECRET.exec(line) ?? [];
    if (secret !== undefined) {
      clone.setSecret(secret, verb === "put" ? (values[secret] ?? "") : null);
      return "";
    }
    if (line.startsWith("npm run deploy")) {
      await clone.start();
      return "";
    }
    const typed = fill(line.replace(" --remote", ""), values);
    const { type } = line.includes("manage.py") ? site : clone;
    const { code, stdout, stderr } = await type(typed);
    if (code !== 0) throw new Error(`${typed}\nended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  return {
    fill,
    async type(lines, values = {}) {
      let printed = "";
      for (const line of lines.split("\n")) printed += await typeLine(line, values);
      return printed;
    },
    copyDump(name = "dump.json") {
      cpSync(join(site.dir, name), join(clone.dir, name));
    },
  };
}
