import type { ClientColumns } from "../clients/client.ts";
import type { BrowserSessionReference } from "./browser-sessions.ts";
import type { ClientInsert, UserColumns, UserInsert } from "./registry-inserts.ts";
import type { ResourceWrite } from "./resources.ts";
import type { SessionReference } from "./session-rows.ts";
import type { UserRow } from "./users.ts";

/**
 * A row to insert, change or delete. `expected` columns must be unchanged since the caller read
 * them; `endsSessions` ends all families that began before.
 */
export type RegistryWrite =
  | ClientInsert
  | UserInsert
  | {
      readonly kind: "update_client";
      readonly clientId: string;
      readonly fields: Partial<ClientColumns>;
      readonly expected?: Partial<ClientColumns>;
      readonly endsSessions: boolean;
    }
  | { readonly kind: "delete_client"; readonly clientId: string }
  | {
      readonly kind: "update_user";
      readonly username: string;
      readonly fields: Partial<UserColumns & Pick<UserRow, "username">>;
      readonly expected?: ExpectedUser;
      readonly endsSessions: boolean;
      /** Whether to reset failed logins; a new password resets them too. */
      readonly unlocks?: boolean;
    }
  | {
      readonly kind: "delete_user";
      readonly username: string;
      readonly expected?: ExpectedUser;
    }
  | (SessionReference & { readonly kind: "end_session"; readonly username: string })
  | (BrowserSessionReference & {
      readonly kind: "end_browser_session";
      readonly username: string;
    })
  | {
      readonly kind: "revoke_consent";
      readonly username: string;
      readonly userId: string;
      /** Not `clientId`: the client itself does not change. */
      readonly consentedTo: string;
    }
  | ResourceWrite;

/** The client id, user name or resource that a write is about. */
export function subjectOf(write: RegistryWrite): string {
  if ("clientId" in write) return write.clientId;
  return "uri" in write ? write.uri : write.username;
}

/** The id makes sure that it is the user that was read, even if names were swapped since. */
type ExpectedUser = Partial<UserColumns & Pick<UserRow, "id">>;
