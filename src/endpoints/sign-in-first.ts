import { isAmbiguous } from "../authorization/request.ts";
import { isDocumentUrl } from "../client-documents/index.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import type { Lookups } from "../storage/lookups.ts";
import { showProblem, showSignInForHost } from "./authorization-responses.ts";
import type { Visit } from "./authorization-step.ts";
import { type Browser, findSignedIn } from "./browser.ts";
import { type SucceededSignIn, signInByForm } from "./sign-in-by-form.ts";

/**
 * Signs the user in before the client is known, where its metadata document would have to be
 * fetched: the service fetches nothing for a stranger. The page can only name the host of the
 * client id.
 *
 * @returns the successful sign-in; a page; or null, if the client can be found without
 * @throws Unavailable
 */
export async function signInFirst(
  browser: Browser,
  visit: Visit,
  lookups: Lookups,
  deps: Deps,
): Promise<SucceededSignIn | Response | null> {
  const { documents } = deps.unregistered;
  const { params, problem } = visit;
  const { values } = params;
  const clientId = values.get("client_id") ?? "";
  if (documents === null || !isDocumentUrl(clientId)) return null;
  if (problem !== null || isAmbiguous(params)) return null;
  if (documents.cached(clientId, browser.context.url.host) !== null) return null;
  if ((await lookups.client(clientId)) !== null) return null;
  if ((await findSignedIn(browser, lookups)) !== null) return null;
  if (values.get("prompt") === "none") {
    return showProblem(browser, new Refusal("login_required"));
  }
  const form = visit.submitted?.form ?? null;
  const attempt = await signInByForm(browser, form, null, lookups, deps);
  return attempt.kind === "succeeded"
    ? attempt
    : showSignInForHost(browser, visit, new URL(clientId).host, attempt, deps);
}
