import { html } from "hono/html";
import type { Texts } from "./en.ts";

/** The German texts of all pages. They address the user as "Sie". */
export const DE: Texts = {
  locale: "de-DE",
  errorTitle: (title) => `Fehler: ${title}`,
  pageTitle: (title, brand) => `${title} · ${brand}`,
  notYou: "Nicht Sie?",

  signIn: {
    title: "Anmelden",
    continueTo: (client) => html`um fortzufahren mit ${client}`,
    continueToAccount: "um zu sehen, wo Sie angemeldet sind",
    reauthenticate: (user) =>
      html`Sie sind als ${user} angemeldet. Geben Sie zum Fortfahren Ihr Passwort erneut ein.`,
    username: "Benutzername",
    password: "Passwort",
    sharedDevice: "Das ist nicht mein Gerät",
    sharedDeviceHint: "Sie werden abgemeldet, wenn der Browser geschlossen wird.",
    submit: "Anmelden",
    failed: "Benutzername oder Passwort ist falsch. Prüfen Sie beides und versuchen Sie es erneut.",
    throttled: "Zu viele Fehlversuche. Warten Sie einen Moment und versuchen Sie es erneut.",
    throttledFor: (duration) => `Zu viele Fehlversuche. Versuchen Sie es in ${duration} erneut.`,
    unavailable: "Die Anmeldung ist gerade nicht möglich. Versuchen Sie es in einer Minute erneut.",
  },

  chooseAccount: {
    title: "Konto wählen",
    continueTo: (client) => html`um fortzufahren mit ${client}`,
    continueAs: (user) => html`Weiter als ${user}`,
    switch: "Anderes Konto verwenden",
  },

  consent: {
    title: (client) => `${client} erlauben?`,
    heading: (client) => html`${client} möchte auf Ihr Konto zugreifen`,
    aProgram: "Ein Programm auf diesem Computer",
    anApp: "Eine App auf diesem Gerät",
    programTitle: "Ein Programm auf diesem Computer erlauben?",
    appTitle: "Eine App auf diesem Gerät erlauben?",
    callsItself: (name) =>
      html`Der angegebene Name ist ${name}. Dieser Dienst kann ihn nicht bestätigen.`,
    signedInAs: (user) => html`Angemeldet als ${user}`,
    scopes: "Damit wird Folgendes möglich:",
    resources: "Bei diesen Diensten:",
    unregistered: (host) =>
      html`<strong>Nicht geprüfte Anwendung.</strong> Jeder kann eine erstellen, unter jedem Namen.
Erlauben Sie sie nur, wenn Sie ${host} vertrauen und dies gerade selbst begonnen haben.`,
    unregisteredOnDevice: html`<strong>Nicht geprüfte Anwendung.</strong> Jeder kann eine
erstellen, unter jedem Namen.
Erlauben Sie sie nur, wenn Sie sie gerade selbst gestartet haben.`,
    loopback: html`<strong>Ein Programm auf diesem Computer fragt an.</strong>
Erlauben Sie es nur, wenn Sie es gerade selbst gestartet haben.`,
    customScheme: html`<strong>Eine App auf diesem Gerät fragt an.</strong>
Erlauben Sie es nur, wenn Sie sie gerade selbst gestartet haben.`,
    pattern: (host) =>
      html`<strong>Dies ist eine Vorschauversion der Anwendung</strong>, unter ${host}.
Erlauben Sie sie nur, wenn Sie sie testen.`,
    redirect: (host) => html`Sie gelangen danach zu ${host}.`,
    redirectToProgram: (host) =>
      html`Sie kehren danach zum Programm auf diesem Computer zurück (${host}).`,
    redirectToApp: (scheme) => html`Sie kehren danach zur App zurück, die ${scheme} öffnet.`,
    allow: "Erlauben",
    deny: "Ablehnen",
  },

  scopes: {
    openid: "Erkennen, wer Sie sind",
    profile: "Ihren Namen und Ihr Profil sehen",
    email: "Ihre E-Mail-Adresse sehen",
    phone: "Ihre Telefonnummer sehen",
    address: "Ihre Postanschrift sehen",
    offline_access: "Diesen Zugriff behalten, während Sie abwesend sind",
  },

  account: {
    title: "Ihr Konto",
    signedInAs: (user) => html`Angemeldet als ${user}`,
    signOut: "Abmelden",
    session_ended: "Der Browser ist abgemeldet.",
    login_ended: "Die Anwendung ist abgemeldet.",
    all_ended: "Sie sind überall sonst abgemeldet.",
    revoked: "Die Anwendung hat keinen Zugriff mehr.",
    sessions: "Browser, in denen Sie angemeldet sind",
    thisBrowser: "Dieser Browser",
    logins: "Angemeldete Anwendungen",
    noLogins: "Keine Anwendung ist angemeldet.",
    end: (what) => html`Abmelden<span class="hidden"> von ${what}</span>`,
    endAll: "Überall sonst abmelden",
    applications: "Anwendungen mit Zugriff",
    noApplications: "Keine Anwendung hat Zugriff.",
    revoke: (what) => html`Zugriff entziehen<span class="hidden"> für ${what}</span>`,
    lastUsed: (time) => html`Zuletzt verwendet am ${time}`,
    signedInSince: (time) => html`Angemeldet am ${time}`,
    allowedSince: (time) => html`Erlaubt am ${time}`,
    device: (browser, system) => `${browser} unter ${system}`,
    unknownDevice: "Unbekanntes Gerät",
  },

  signOut: {
    title: "Abmelden?",
    asked: "Sie wurden zum Abmelden hierher geleitet.",
    askedBy: (client) => html`${client} bittet Sie, sich abzumelden.`,
    signedInAs: (user) =>
      html`Sie sind als ${user} angemeldet. Anwendungen, die Sie in diesem Browser geöffnet haben,
werden mit abgemeldet.`,
    submit: "Abmelden",
  },

  signedOut: {
    title: "Sie sind abgemeldet",
    text: "Sie können diese Seite schließen.",
    back: "Zurück zur Anwendung",
  },

  error: {
    status: (status) => `Fehler ${status}`,
    back: (host) => html`Zurück zu ${host}`,
    blame:
      "Mit Ihrem Konto ist alles in Ordnung. Nur die Betreiber der Anwendung können dies beheben.",
    details: "Einzelheiten für Entwickler",
    sent: "Von der Anwendung gesendet",
    registered: "Registriert",
    document: "Das Dokument des Clients",
    reason: "Fehler",
    requestId: "Kennung der Anfrage",
    startPage: "Zur Startseite",
    support: (id) => html`Geben Sie diese Kennung an, wenn Sie den Support fragen: ${id}`,
  },

  failures: {
    400: {
      title: "Diese Adresse braucht https",
      text: "Öffnen Sie sie noch einmal mit https:// am Anfang.",
    },
    404: {
      title: "Seite nicht gefunden",
      text: "Unter dieser Adresse gibt es keine Seite. Prüfen Sie die Schreibweise.",
    },
    429: {
      title: "Zu viele Anfragen",
      text: "Warten Sie einen Moment und laden Sie die Seite neu.",
    },
    500: {
      title: "Etwas ist schiefgegangen",
      text: "Der Dienst ist ausgefallen. Versuchen Sie es später noch einmal.",
    },
    503: {
      title: "Nicht verfügbar",
      text: "Der Dienst ist vorübergehend nicht verfügbar. Laden Sie die Seite gleich neu.",
    },
    other: {
      title: "Anfrage fehlgeschlagen",
      text: "Der Dienst hat die Anfrage abgelehnt.",
    },
  },

  problems: {
    client_id_missing: {
      title: "Welche Anwendung ist das?",
      text: "Die Anfrage nennt nicht die Anwendung, von der Sie kommen.",
    },
    client_not_registered: {
      title: "Unbekannte Anwendung",
      text: "Die Anwendung, von der Sie kommen, ist hier nicht registriert oder wurde gesperrt.",
    },
    redirect_uri_missing: {
      title: "Keine Zieladresse",
      text: "Die Anwendung hat nicht angegeben, wohin Sie nach der Anmeldung gelangen.",
    },
    redirect_uri_malformed: {
      title: "Ungültige Zieladresse",
      text: "Die Anwendung möchte Sie nach der Anmeldung zu einer ungültigen Adresse leiten.",
    },
    redirect_uri_mismatch: {
      title: "Unbekannte Zieladresse",
      text: `Die Anwendung möchte Sie zu einer Adresse leiten, die nicht für sie registriert ist.
Zum Schutz Ihrer Daten geht es hier nicht weiter.`,
    },
    logout_redirect_mismatch: {
      title: "Unbekannte Zieladresse",
      text: `Die Anwendung möchte Sie zu einer Adresse leiten, die nicht für sie registriert ist.
Sie sind weiterhin angemeldet.`,
    },
    parameter_repeated: {
      title: "Mehrdeutige Anfrage",
      text: "Die Anwendung hat denselben Parameter mehrfach gesendet.",
    },
    form_from_elsewhere: {
      title: "Von einer anderen Website gesendet",
      text: `Zu Ihrem Schutz nimmt dieser Dienst nur Formulare seiner eigenen Seiten an.
Gehen Sie zurück zur Anwendung und beginnen Sie von vorn.`,
    },
    form_malformed: {
      title: "Bitte beginnen Sie von vorn",
      text: `Das Formular war unvollständig oder verändert.
Gehen Sie zurück zur Anwendung und beginnen Sie von vorn.`,
    },
    other: {
      title: "Ungültige Anfrage",
      text: "Die Anwendung hat eine Anfrage gesendet, die dieser Dienst nicht annehmen kann.",
    },
    service: {
      title: "Etwas ist schiefgegangen",
      text: "Der Dienst ist ausgefallen. Warten Sie einen Moment und laden Sie die Seite neu.",
    },
  },
};
