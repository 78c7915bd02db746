import type { Config } from "./config/index.ts";
import type { Random } from "./crypto/bytes.ts";
import { deriveKeyRing, type KeyRing } from "./crypto/key-ring.ts";
import { type Brand, createBrand } from "./pages/brand.ts";
import { createAccountStore } from "./storage/account.ts";
import { createBrowserSessionStore } from "./storage/browser-sessions.ts";
import { createConsentStore } from "./storage/consents.ts";
import type { AnnounceEnd } from "./storage/session-clients.ts";
import { SESSION_COOKIE_PURPOSE } from "./tokens/browser-session.ts";
import { FORM_PURPOSE } from "./tokens/sealed-form.ts";
import { REQUEST_PURPOSE } from "./tokens/sealed-request.ts";
import type { AccountDeps } from "./users/account.ts";
import type { BrowserSessionDeps } from "./users/browser-session.ts";

/** What signing in with a browser needs. */
export interface BrowserDeps extends BrowserSessionDeps, AccountDeps {
  readonly requestRing: KeyRing;
  /** Seals forms that belong to no authorization request. */
  readonly formRing: KeyRing;
  /** Lifetime of an authorization code, in milliseconds. */
  readonly codeMs: number;
  readonly brand: Brand;
  /** What scopes allow, in words; others are shown by name. */
  readonly scopeTexts: Readonly<Record<string, string>>;
  readonly newFamilyId: () => string;
}

/** Composes {@link BrowserDeps} from the settings and bindings. */
export async function composeBrowser(
  config: Config,
  env: Env,
  random: Random,
  announce: AnnounceEnd,
): Promise<BrowserDeps> {
  const { tokenKeys, pageName: name, pageLogo: logo, pageColor: color } = config;
  const [requestRing, formRing, sessionRing, brand] = await Promise.all([
    deriveKeyRing(tokenKeys, REQUEST_PURPOSE),
    deriveKeyRing(tokenKeys, FORM_PURPOSE),
    deriveKeyRing(tokenKeys, SESSION_COOKIE_PURPOSE),
    createBrand({ name, logo, color }),
  ]);
  return {
    requestRing,
    formRing,
    sessionRing,
    brand,
    browserSessions: createBrowserSessionStore(env.DB, announce),
    account: createAccountStore(env.DB, announce),
    consents: createConsentStore(env.DB, announce),
    sessionPolicy: {
      idleMs: config.browserSessionIdleSeconds * 1000,
      absoluteMs: config.browserSessionAbsoluteSeconds * 1000,
    },
    codeMs: config.authorizationCodeTtlSeconds * 1000,
    scopeTexts: config.scopeTexts ?? {},
    newFamilyId: () => env.REFRESH_FAMILIES.newUniqueId().toString(),
    random,
  };
}
