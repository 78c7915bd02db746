import {
  type AuthorizationParams,
  parseQuery,
  toAuthorizationParams,
} from "../authorization/params.ts";
import type { AuthorizationRequest, RedirectTarget } from "../authorization/request.ts";
import type { Client } from "../clients/client.ts";
import { digestText } from "../crypto/bytes.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { QUERY_BYTES_MAX, REQUEST, REQUEST_MS } from "../tokens/sealed-request.ts";
import type { Browser } from "./browser.ts";
import { type Form, isOwnForm } from "./read-form.ts";
import type { SucceededSignIn } from "./sign-in-by-form.ts";

/** An authorization request on its way through the pages. Nothing of it is stored. */
export interface Visit {
  /** The parameters of the request, as they arrived. */
  readonly query: string;
  readonly params: AuthorizationParams;
  readonly createdAtMs: number;
  /** The family that every code of this request would begin. */
  readonly familyId: string;
  /** Null: no page of this request was submitted. */
  readonly submitted: Submitted | null;
  /** What makes the request invalid before its parameters are read, or null. */
  readonly problem: Refusal | null;
}

/** A submitted page. */
interface Submitted {
  readonly form: Form;
  /** Who was signed in when the page was shown, or null. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** See {@link digestConsent}; null: it was not a consent page. */
  readonly consentDigest: string | null;
}

/** A request that arrives now. @param text its query */
export function newVisit(text: string, deps: Deps): Visit {
  // The form contains it as JSON, where a backslash would take twice its length.
  const query = text.replaceAll("\\", "%5C");
  const pairs = query.length > QUERY_BYTES_MAX ? null : parseQuery(query);
  return {
    query,
    params: toAuthorizationParams(pairs ?? []),
    createdAtMs: deps.clock(),
    familyId: deps.browser.newFamilyId(),
    submitted: null,
    problem: pairs === null ? new Refusal("query_malformed") : null,
  };
}

/**
 * Reads a submitted page. An old one, or one that was opened in another browser, is shown again and
 * does nothing.
 */
export async function openVisit(
  { context, issuerUrl, digest }: Browser,
  sealed: string,
  form: Form,
  deps: Deps,
): Promise<Visit> {
  const opened = await REQUEST.unseal(deps.browser.requestRing, sealed);
  if (opened === null || opened.issuerUrl !== issuerUrl) {
    return { ...newVisit("", deps), problem: new Refusal("form_malformed") };
  }
  const { query, createdAtMs, familyId, userId, sessionId, consentDigest } = opened;
  const asked = newVisit(query, deps);
  const isForeign = asked.problem === null && !isOwnForm(context);
  const visit = isForeign ? { ...asked, problem: new Refusal("form_from_elsewhere") } : asked;
  const isOwn = opened.browserDigest === digest && deps.clock() < createdAtMs + REQUEST_MS;
  if (!isOwn) return visit;
  const submitted = { form, userId, sessionId, consentDigest };
  return { ...visit, createdAtMs, familyId, submitted };
}

/** A valid authorization request, and the browser that it came with. */
export interface Step {
  readonly browser: Browser;
  readonly visit: Visit;
  readonly client: Client;
  readonly target: RedirectTarget;
  readonly state: string | null;
  /** Whether the browser is signed in, as far as the cookies of the request say. */
  readonly isSignedIn: boolean;
  /** The sign-in of this request, if the client could not be known before. */
  readonly earlySignIn: SucceededSignIn | null;
  readonly asked: AuthorizationRequest;
  /** The user name that the client expects, or an empty text. */
  readonly loginHint: string;
  /** `users.id` of the user whom the client expects, or null. */
  readonly hintedUserId: string | null;
}

/** The part of a {@link Step} that says where an error goes. */
export type Returning = Pick<Step, "browser" | "client" | "target" | "state" | "isSignedIn">;

/**
 * What a user is asked to allow, and where the code goes. Without `scope` or `redirect_uri` in the
 * request, both depend on the client, which can change while the page is open.
 */
export function digestConsent({ asked, target }: Pick<Step, "asked" | "target">): Promise<string> {
  return digestText(JSON.stringify([asked.scope, asked.resources, target.uri]));
}
