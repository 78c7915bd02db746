import { html } from "hono/html";
import type { Html } from "../markup.ts";

/** The English texts of all pages: words of the page, `(value) => text` where a value belongs. */
export const EN = {
  /** Locale of dates and numbers: day before month, 24 hours. */
  locale: "en-GB",
  errorTitle: (title: string) => `Error: ${title}`,
  pageTitle: (title: string, brand: string) => `${title} · ${brand}`,
  notYou: "Not you?",

  signIn: {
    title: "Sign in",
    continueTo: (client: Html): Html => html`to continue to ${client}`,
    continueToAccount: "to see where you are signed in",
    reauthenticate: (user: Html): Html =>
      html`You are signed in as ${user}. Enter your password again to continue.`,
    username: "User name",
    password: "Password",
    sharedDevice: "This is not my device",
    sharedDeviceHint: "You are signed out when the browser is closed.",
    submit: "Sign in",
    failed: "The user name or the password is wrong. Check both and try again.",
    throttled: "Too many failed attempts. Wait a moment, then try again.",
    throttledFor: (duration: string) => `Too many failed attempts. Try again in ${duration}.`,
    unavailable: "Signing in does not work at the moment. Try again in a minute.",
  },

  chooseAccount: {
    title: "Choose an account",
    continueTo: (client: Html): Html => html`to continue to ${client}`,
    continueAs: (user: Html): Html => html`Continue as ${user}`,
    switch: "Use another account",
  },

  consent: {
    title: (client: string) => `Allow ${client}?`,
    heading: (client: Html): Html => html`${client} asks for access to your account`,
    aProgram: "A program on this computer",
    anApp: "An app on this device",
    programTitle: "Allow a program on this computer?",
    appTitle: "Allow an app on this device?",
    callsItself: (name: Html): Html =>
      html`It calls itself ${name}. This service cannot confirm that name.`,
    signedInAs: (user: Html): Html => html`Signed in as ${user}`,
    scopes: "It will be able to:",
    resources: "With these services:",
    unregistered: (host: Html): Html =>
      html`<strong>Unverified application.</strong> Anyone can create one, with any name.
Allow it only if you trust ${host} and started this yourself, just now.`,
    unregisteredOnDevice: html`<strong>Unverified application.</strong> Anyone can create one,
with any name.
Allow it only if you started it yourself, just now.`,
    loopback: html`<strong>A program on this computer is asking.</strong>
Allow it only if you started it yourself, just now.`,
    customScheme: html`<strong>An app on this device is asking.</strong>
Allow it only if you started it yourself, just now.`,
    pattern: (host: Html): Html =>
      html`<strong>This is a preview version of the application</strong>, at ${host}.
Allow it only if you are testing it.`,
    redirect: (host: Html): Html => html`You will go to ${host} next.`,
    redirectToProgram: (host: Html): Html =>
      html`You will return to the program on this computer (${host}).`,
    redirectToApp: (scheme: Html): Html => html`You will return to the app that opens ${scheme}.`,
    allow: "Allow",
    deny: "Deny",
  },

  /** What the scopes that the service defines itself allow. */
  scopes: {
    openid: "Know who you are",
    profile: "See your name and profile",
    email: "See your e-mail address",
    phone: "See your phone number",
    address: "See your postal address",
    offline_access: "Keep this access while you are away",
  },

  account: {
    title: "Your account",
    signedInAs: (user: Html): Html => html`Signed in as ${user}`,
    signOut: "Sign out",
    session_ended: "That browser is signed out.",
    login_ended: "The application is signed out.",
    all_ended: "You are signed out everywhere else.",
    revoked: "The application no longer has access.",
    sessions: "Browsers where you are signed in",
    thisBrowser: "This browser",
    logins: "Applications that are signed in",
    noLogins: "No application is signed in.",
    end: (what: Html): Html => html`Sign out<span class="hidden"> of ${what}</span>`,
    endAll: "Sign out everywhere else",
    applications: "Applications with access",
    noApplications: "No application has access.",
    revoke: (what: Html): Html => html`Remove access<span class="hidden"> of ${what}</span>`,
    lastUsed: (time: Html): Html => html`Last used ${time}`,
    signedInSince: (time: Html): Html => html`Signed in ${time}`,
    allowedSince: (time: Html): Html => html`Allowed ${time}`,
    device: (browser: string, system: string) => `${browser} on ${system}`,
    unknownDevice: "Unknown device",
  },

  signOut: {
    title: "Sign out?",
    asked: "You were sent here to sign out.",
    askedBy: (client: Html): Html => html`${client} asks you to sign out.`,
    signedInAs: (user: Html): Html =>
      html`You are signed in as ${user}. Applications that you opened in this browser are signed
out too.`,
    submit: "Sign out",
  },

  signedOut: {
    title: "You are signed out",
    text: "You can close this page.",
    back: "Go back to the application",
  },

  error: {
    status: (status: number) => `Error ${status}`,
    back: (host: Html): Html => html`Go back to ${host}`,
    blame: "Nothing is wrong with your account. Only the application's operators can fix this.",
    details: "Details for developers",
    sent: "Sent by the application",
    registered: "Registered",
    document: "The client's document",
    reason: "Error",
    requestId: "Request id",
    startPage: "Go to the start page",
    support: (id: Html): Html => html`If you contact support, include this id: ${id}`,
  },

  /** The error page of any address, by status. */
  failures: {
    400: {
      title: "This address requires https",
      text: "Open it again with https:// at the start.",
    },
    404: {
      title: "Page not found",
      text: "There is no page at this address. Check the address for typos.",
    },
    429: {
      title: "Too many requests",
      text: "Wait a moment, then load this page again.",
    },
    500: {
      title: "Something went wrong",
      text: "The service failed. Try again later.",
    },
    503: {
      title: "Not available",
      text: "The service is temporarily unavailable. Reload this page in a moment.",
    },
    other: {
      title: "Request failed",
      text: "The service rejected the request.",
    },
  },

  /** The error page of the endpoints for browsers, by reason. */
  problems: {
    client_id_missing: {
      title: "Which application is this?",
      text: "The request does not name the application that you come from.",
    },
    client_not_registered: {
      title: "Unknown application",
      text: "The application that you come from is not registered here, or was disabled.",
    },
    redirect_uri_missing: {
      title: "No return address",
      text: "The application did not say where to send you after you sign in.",
    },
    redirect_uri_malformed: {
      title: "Invalid return address",
      text: "The application wants to send you to an invalid address after you sign in.",
    },
    redirect_uri_mismatch: {
      title: "Unknown return address",
      text: `The application wants to send you to an address that is not registered for it.
You were stopped here to keep your data safe.`,
    },
    logout_redirect_mismatch: {
      title: "Unknown return address",
      text: `The application wants to send you to an address that is not registered for it.
You are still signed in.`,
    },
    parameter_repeated: {
      title: "Ambiguous request",
      text: "The application sent the same parameter more than once.",
    },
    form_from_elsewhere: {
      title: "Sent from another site",
      text: `For your safety, this service accepts forms only from its own pages.
Go back to the application and start again.`,
    },
    form_malformed: {
      title: "Please start again",
      text: "The form was incomplete or changed. Go back to the application and start again.",
    },
    other: {
      title: "Invalid request",
      text: "The application sent a request that this service cannot accept.",
    },
    service: {
      title: "Something went wrong",
      text: "The service failed. Wait a moment, then load this page again.",
    },
  },
};

/** The texts of a language. A missing one does not compile. */
export type Texts = typeof EN;
