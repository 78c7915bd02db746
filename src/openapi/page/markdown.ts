import { html, raw } from "hono/html";

/** A piece of HTML. */
export type Markup = ReturnType<typeof html>;

/** The Markdown that descriptions use: paragraphs, lists and code. */
export function markdown(text: string): Markup {
  const blocks = text.split(/\n{2,}|\n(?=- )|(?<=\n- [^\n]*)\n(?!- )/).map((block) => block.trim());
  const parts: string[] = [];
  let items: string[] = [];
  const endList = () => {
    if (items.length > 0) parts.push(`<ul>${items.join("")}</ul>`);
    items = [];
  };
  for (const block of blocks.filter((one) => one !== "")) {
    if (block.startsWith("- ")) {
      items.push(`<li>${inline(block.slice(2))}</li>`);
      continue;
    }
    endList();
    parts.push(`<p>${inline(block)}</p>`);
  }
  endList();
  return html`${raw(parts.join("\n"))}`;
}

/** One line of Markdown. */
export function inlineMarkdown(text: string): Markup {
  return html`${raw(inline(text))}`;
}

function inline(text: string): string {
  return String(html`${text}`).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
