import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { SEALED_FIELD } from "../pages/markup.ts";
import { FORM } from "../tokens/sealed-form.ts";
import { REQUEST_MS } from "../tokens/sealed-request.ts";
import type { SignedIn } from "../users/browser-session.ts";
import type { Browser } from "./browser.ts";
import { type Form, requireOwnForm } from "./read-form.ts";

/** A form that this browser submitted, of a page without an authorization request. */
export interface OwnForm {
  readonly form: Form;
  /** Whom the page named, or null. */
  readonly userId: string | null;
  readonly sessionId: string | null;
}

/** Seals the hidden field of a form. @param signedIn whom the page names, or null */
export function sealForm(
  { issuerUrl, digest }: Browser,
  page: string,
  signedIn: SignedIn | null,
  deps: Deps,
): Promise<string> {
  return FORM.seal(deps.browser.formRing, {
    issuerUrl,
    page,
    browserDigest: digest,
    createdAtMs: deps.clock(),
    userId: signedIn?.user.id ?? null,
    sessionId: signedIn?.cookie.sessionId ?? null,
  });
}

/**
 * Reads a submitted form.
 *
 * @returns null if the page is old, or was opened in another browser: show it again
 * @throws Refusal `form_malformed` or `form_from_elsewhere`
 */
export async function openForm(
  { context, issuerUrl, digest }: Browser,
  page: string,
  form: Form,
  deps: Deps,
): Promise<OwnForm | null> {
  const opened = await FORM.unseal(deps.browser.formRing, form.get(SEALED_FIELD) ?? "");
  if (opened === null || opened.issuerUrl !== issuerUrl || opened.page !== page) {
    throw new Refusal("form_malformed");
  }
  requireOwnForm(context);
  const isFresh = deps.clock() < opened.createdAtMs + REQUEST_MS;
  if (opened.browserDigest !== digest || !isFresh) return null;
  return { form, userId: opened.userId, sessionId: opened.sessionId };
}

/** Whether the page named the user who is signed in now. */
export function isFormOf({ userId, sessionId }: OwnForm, { user, cookie }: SignedIn): boolean {
  return userId === user.id && sessionId === cookie.sessionId;
}
