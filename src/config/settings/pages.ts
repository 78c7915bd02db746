import { COLOR, IMAGE, integer, SCOPE_TEXTS, SECONDS, TITLE } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings of signing in with a browser. */
export const PAGES = {
  authorizationCodeTtlSeconds: {
    name: "AUTHORIZATION_CODE_TTL_SECONDS",
    kind: integer(1, 600),
    default: 60,
    doc: "Lifetime of an authorization code.",
  },
  browserSessionIdleSeconds: {
    name: "BROWSER_SESSION_IDLE_SECONDS",
    kind: SECONDS,
    default: 43_200,
    doc: "A browser must sign in again if it was not used here for this long. 43200 is 12 hours.",
  },
  browserSessionAbsoluteSeconds: {
    name: "BROWSER_SESSION_ABSOLUTE_SECONDS",
    kind: SECONDS,
    default: 1_209_600,
    doc: "A browser must sign in again after this long. 1209600 is 14 days.",
  },
  pageName: {
    name: "PAGE_NAME",
    kind: TITLE,
    default: "Tollgate",
    doc: "The name of your service on the sign-in, consent and account pages.",
  },
  pageLogo: {
    name: "PAGE_LOGO",
    kind: IMAGE,
    default: null,
    doc: "The logo on these pages: a `data:` URI of an image, or a path on this host. Empty: none.",
  },
  pageColor: {
    name: "PAGE_COLOR",
    kind: COLOR,
    default: null,
    doc: "The colour of buttons and links on these pages, such as `#0b6b3a`. Empty: blue.",
  },
  scopeTexts: {
    name: "SCOPE_DESCRIPTIONS",
    kind: SCOPE_TEXTS,
    default: null,
    doc:
      "What each scope allows, in the words of the consent page: a JSON object such as " +
      '`{"read": "See your photos"}`. Empty: the page shows the names of scopes.',
  },
} as const satisfies Readonly<Record<string, Setting>>;
