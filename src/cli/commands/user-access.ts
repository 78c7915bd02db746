import type { Command } from "commander";
import type { BrowserSessionView } from "../../admin/browser-sessions.ts";
import * as browserSessions from "../../admin/browser-sessions.ts";
import type { ConsentView } from "../../admin/consents.ts";
import * as consents from "../../admin/consents.ts";
import type { PageRange } from "../../storage/registry.ts";
import { type Listed, writeList } from "../listing.ts";
import { withManagement } from "../management.ts";
import { type CommonOptions, common, type ListOptions, paged, targetOf } from "../options.ts";
import { report, shortInstant } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { SHORT_ID_LENGTH, wholeId } from "./user-sessions.ts";

/** Adds the commands for the browsers in which a user is signed in, and for consents. */
export function addAccess(user: Command, terminal: Terminal): void {
  addBrowserSessions(user, terminal);
  addConsents(user, terminal);
}

function addBrowserSessions(user: Command, terminal: Terminal): void {
  paged(user.command("browser-sessions"))
    .description("list the browsers in which a user is signed in")
    .argument("<username>", "the user")
    .action((username: string, options: ListOptions) => {
      const listed: Listed<BrowserSessionView> = {
        name: "browser_sessions",
        list: (page, deps) => browserSessions.listBrowserSessions({ username }, page, deps),
        head: ["SESSION", "SINCE", "SIGNED IN", "LABEL"],
        rowOf: (one) => {
          const id = one.id.slice(0, SHORT_ID_LENGTH);
          return [id, shortInstant(one.created_at), shortInstant(one.authenticated_at), one.label];
        },
        instantOf: (one) => one.authenticated_at,
      };
      return writeList(listed, options, terminal);
    });
  common(user.command("end-browser-session"))
    .description("sign a user out of a browser, and end all logins that began in it")
    .argument("<username>", "the user")
    .argument("<id>", "the session id, or the start of it, as shown by `user browser-sessions`")
    .action(async (username: string, session: string, options: CommonOptions) => {
      await withManagement(targetOf(options), async (deps) => {
        const list = (page: PageRange) => {
          return browserSessions.listBrowserSessions({ username }, page, deps);
        };
        const id = await wholeId(session, list);
        return browserSessions.endBrowserSession({ username }, id, deps);
      });
      await report({ username, session, ended: true }, options, terminal);
    });
}

function addConsents(user: Command, terminal: Terminal): void {
  paged(user.command("consents"))
    .description("list which clients a user allows to do what")
    .argument("<username>", "the user")
    .action((username: string, options: ListOptions) => {
      const listed: Listed<ConsentView> = {
        name: "consents",
        list: (page, deps) => consents.listConsents({ username }, page, deps),
        head: ["CLIENT", "GRANTED", "SCOPE", "RESOURCES"],
        rowOf: (one) => {
          const granted = shortInstant(one.granted_at);
          return [one.client_id, granted, one.scope, one.resources.join(" ")];
        },
      };
      return writeList(listed, options, terminal);
    });
  common(user.command("revoke-consent"))
    .description("revoke what a user allowed a client, and end all of their logins")
    .argument("<username>", "the user")
    .argument("<client>", "the client id")
    .action(async (username: string, client: string, options: CommonOptions) => {
      await withManagement(targetOf(options), (deps) => {
        return consents.revokeConsent({ username }, client, deps);
      });
      await report({ username, client, revoked: true }, options, terminal);
    });
}
