import { newBrowser, type Shown } from "../browsing.ts";
import type { Identity, OpenIdLibrary } from "./openid-library.ts";

/** Paths of a web site that signs users in with a library. */
interface SitePaths {
  /** Redirects to the service. */
  readonly signIn: string;
  /** Shows the {@link Identity} of the user. */
  readonly user: string;
  /** Refreshes, and shows it. */
  readonly refresh?: string;
  /** Redirects to the service. */
  readonly signOut?: string;
}

/** A library within a web site of its own, used as by a browser. */
export function openIdSite(origin: string, paths: SitePaths): OpenIdLibrary {
  const browser = newBrowser({ fetch: (...request) => fetch(...request) }, origin);
  const { refresh, signOut } = paths;
  return {
    async signIn(visit) {
      const { pathname, search } = await visit(redirectOf(await browser.open(paths.signIn)));
      redirectOf(await browser.open(pathname + search));
      return identityOf(await browser.open(paths.user));
    },
    ...(refresh && { refresh: async () => identityOf(await browser.open(refresh)) }),
    ...(signOut && { signOutUrl: async () => redirectOf(await browser.open(signOut)) }),
  };
}

function redirectOf({ location, text }: Shown): URL {
  if (location === null) throw new Error(text);
  return location;
}

function identityOf({ status, text }: Shown): Identity {
  if (status !== 200) throw new Error(text);
  return JSON.parse(text);
}
