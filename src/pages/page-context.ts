import { parseAccept } from "hono/utils/accept";
import type { Brand } from "./brand.ts";
import { TEXTS } from "./texts/index.ts";

/** A language that the pages are written in. */
export type Language = keyof typeof TEXTS;

/** Every {@link Language}. */
export const LANGUAGES = Object.keys(TEXTS) as readonly Language[];

/** What the pages of one request have in common. */
export interface PageContext {
  readonly brand: Brand;
  readonly language: Language;
}

/**
 * Chooses the language of a page: the client's wish (OIDC Core §3.1.2.1), then the browser's.
 *
 * @param uiLocales tags separated by spaces, best first
 * @param acceptLanguage the header of the request
 */
export function chooseLanguage(
  uiLocales: string | undefined,
  acceptLanguage: string | null,
): Language {
  const accepted = parseAccept(acceptLanguage ?? "").filter(({ q }) => q > 0);
  const tags = [...(uiLocales ?? "").split(" "), ...accepted.map(({ type }) => type)];
  const languages = tags.map((tag) => tag.split("-")[0]?.toLowerCase() ?? "");
  return languages.find(isLanguage) ?? "en";
}

function isLanguage(subtag: string): subtag is Language {
  return Object.hasOwn(TEXTS, subtag);
}
