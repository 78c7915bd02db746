import { newBrowser, type Shown } from "../browsing.ts";
import type { Service } from "../service.ts";
import type { Answer } from "./history.ts";

/** A consent page, which its user can submit any number of times. */
export interface ConsentPage {
  readonly page: Shown;
  readonly cookies: ReadonlyMap<string, string>;
}

/** A new user of a new browser, until the user is asked for consent. */
export async function openConsentPage(
  service: Service,
  clientId: string,
  fields: { readonly username: string; readonly password: string },
): Promise<ConsentPage | { readonly answer: Answer }> {
  const browser = newBrowser(service);
  const request = { client_id: clientId, prompt: "consent" };
  const signInPage = await browser.authorize(request);
  if (signInPage.status !== 200) return { answer: answerOf(signInPage) };
  const page = await browser.submit(signInPage, fields);
  if (page.status !== 200) return { answer: answerOf(page) };
  return { page, cookies: browser.cookies };
}

/** The user consents. @returns the code, if there is one */
export async function approve(
  service: Service,
  { page, cookies }: ConsentPage,
): Promise<{ readonly answer: Answer; readonly code?: string }> {
  const browser = newBrowser(service);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const shown = await browser.allow(page);
  const code = shown.location?.searchParams.get("code") ?? null;
  return code === null ? { answer: answerOf(shown) } : { answer: "given", code };
}

/** What a page without a code comes to. */
function answerOf({ status }: Shown): Answer {
  return status === 503 || status === 429 ? "unknown" : "refused";
}
