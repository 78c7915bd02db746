import { DE } from "./de.ts";
import { EN, type Texts as EnglishTexts } from "./en.ts";

/** The texts of one language. */
export type Texts = EnglishTexts;

/** The languages of the pages, by BCP 47 subtag. Another language is one file and one line here. */
export const TEXTS = { en: EN, de: DE } satisfies Record<string, Texts>;
