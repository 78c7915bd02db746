import { codeOf, newBrowser, type Shown, serviceAt } from "../support/browsing.ts";

/** What came of a request: a code, or what a browser must never be shown, or null for a retry. */
export type Approval =
  | { readonly code: string }
  | { readonly violation: string }
  /** The process ended, or asked to retry later. */
  | null;

/** A browser whose user approves requests of one client, over any number of processes. */
export class CrashBrowser {
  #url = "";
  #isSignedIn = false;
  readonly #browser = newBrowser({
    fetch: (path, init) => serviceAt(this.#url).fetch(path, init),
  });

  /** Makes an authorization request, and signs in and consents where it is asked to. */
  async approve(url: string): Promise<Approval> {
    this.#url = url;
    try {
      return await this.#approve();
    } catch {
      return null;
    }
  }

  async #approve(): Promise<Approval> {
    let shown = await this.#browser.authorize({ client_id: "public" });
    if (asksForPassword(shown)) {
      if (this.#isSignedIn) return { violation: "a browser has lost its session" };
      shown = await this.#browser.signIn(shown);
    }
    if (isRetryLater(shown)) return null;
    this.#isSignedIn = true;
    if (shown.location === null) shown = await this.#browser.allow(shown);
    if (isRetryLater(shown)) return null;
    if (shown.location === null) return { violation: `a page without a code: ${shown.status}` };
    return { code: codeOf(shown) };
  }
}

function asksForPassword({ text }: Shown): boolean {
  return text.includes("current-password");
}

function isRetryLater({ status }: Shown): boolean {
  return status === 429 || status === 503;
}
