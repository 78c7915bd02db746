import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import type { Lookups } from "../storage/lookups.ts";
import { showProblem, showSignInForHost } from "./authorization-responses.ts";
import type { Visit } from "./authorization-step.ts";
import type { Browser } from "./browser.ts";
import { type SucceededSignIn, signInByForm } from "./sign-in-by-form.ts";

/**
 * Signs the user in before the client is known, where its metadata document would have to be
 * fetched: the service fetches nothing for a stranger. The page can only name the host of the
 * client id.
 *
 * @param clientId the URL of the document
 * @returns the successful sign-in, or a page
 * @throws Unavailable
 */
export async function signInFirst(
  browser: Browser,
  visit: Visit,
  clientId: string,
  lookups: Lookups,
  deps: Deps,
): Promise<SucceededSignIn | Response> {
  if (visit.params.values.get("prompt") === "none") {
    return showProblem(browser, new Refusal("login_required"));
  }
  const form = visit.submitted?.form ?? null;
  const attempt = await signInByForm(browser, form, null, lookups, deps);
  return attempt.kind === "succeeded"
    ? attempt
    : showSignInForHost(browser, visit, new URL(clientId).host, attempt, deps);
}
