import { sealedKind } from "./sealed-json.ts";

/**
 * The hidden field of a page that belongs to no authorization request: it proves that this service
 * showed the page to this browser.
 */
export interface SealedForm {
  /** The issuer that showed the page. */
  readonly issuerUrl: string;
  /** Which page: a form is accepted only there. */
  readonly page: string;
  /** SHA-256 of the cookie that identifies the browser. */
  readonly browserDigest: string;
  /** In milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** Who was signed in when it was shown, or null. */
  readonly userId: string | null;
  readonly sessionId: string | null;
}

/** How a sealed form begins. */
const FORM_PREFIX = "tgf_";

/** Purpose of the ring that seals forms. */
export const FORM_PURPOSE = "form";

/** Writes and reads a form. */
export const FORM = sealedKind<SealedForm>(FORM_PREFIX);
