import {
  BINDINGS,
  OPTIONAL_BINDINGS,
  SECRETS,
  SETTING_GROUPS,
  SETTINGS,
  type Setting,
} from "../../config/index.ts";

const ALL_BINDINGS = { ...BINDINGS, ...OPTIONAL_BINDINGS };

type Rows = Readonly<Record<string, Setting>>;

/** The settings of docs/configuration.md, one table for each group. */
export function settingsPart(): string {
  const groups = Object.entries<Rows>(SETTING_GROUPS).map(([title, rows]) => {
    const cells = Object.values(rows).map((row) => [
      `\`${row.name}\``,
      row.default === null ? "empty" : `\`${row.default}\``,
      row.kind.allowed,
      row.doc,
    ]);
    return `### ${title}\n\n${table(["setting", "default", "allowed", "meaning"], cells)}`;
  });
  return groups.join("\n\n");
}

/** The secrets of docs/configuration.md. */
export function secretsPart(): string {
  const cells = Object.values<Setting>(SECRETS).map((row) => [
    `\`${row.name}\``,
    row.default === undefined ? "yes" : "no",
    row.doc,
  ]);
  return table(["secret", "required", "meaning"], cells);
}

/** The bindings of docs/configuration.md. */
export function bindingsPart(): string {
  const cells = Object.entries(ALL_BINDINGS).map(([name, doc]) => [`\`${name}\``, doc]);
  return table(["binding", "meaning"], cells);
}

/** `cloudflare.bindings` of package.json: the descriptions that the Deploy button shows. */
export function deployDescriptions(): Record<string, { description: string }> {
  const rows = [...Object.values<Setting>(SECRETS), ...Object.values<Setting>(SETTINGS)];
  const texts = [
    ...rows.map(({ name, doc }) => [name, withoutLinks(doc)] as const),
    ...Object.entries(ALL_BINDINGS),
  ];
  return Object.fromEntries(texts.map(([name, description]) => [name, { description }]));
}

/** A table in Markdown. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Relative links of docs/ do not work in the Deploy button's form. */
function withoutLinks(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1");
}
