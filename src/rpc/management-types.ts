/** The management API as other Workers call it: types alone, for both sides of a binding. */

/** Which user is meant: by the `sub` of the user's tokens, or by name. */
export type UserReference = { readonly id: string } | { readonly username: string };

/** Fields of a user; what is left out has its default. */
export interface NewUser {
  readonly username: string;
  /** Without one none is right. */
  readonly password?: string;
  /** The subject of the user's tokens; made here unless it is given. */
  readonly id?: string;
  /** What every token of the user says. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly is_active?: boolean;
}

/** Changes to a user: null takes a field back to its default, claims are merged (RFC 7396). */
export interface UserPatch {
  readonly username?: string;
  readonly claims?: Readonly<Record<string, unknown>> | null;
  readonly is_active?: boolean | null;
}

/** A user as it is shown. Instants are in ISO 8601. */
export interface ManagedUser {
  readonly id: string;
  readonly username: string;
  readonly has_password: boolean;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly is_active: boolean;
  readonly created_at: string;
  /** Sessions that began before have ended. */
  readonly sessions_valid_from: string;
}

/** A login of a user that has not ended. Instants are in ISO 8601. */
export interface ManagedSession {
  /** No token. */
  readonly id: string;
  readonly client_id: string;
  /** What the client said of itself, such as the name of a browser; may be empty. */
  readonly label: string;
  readonly created_at: string;
  /** To the day, or better. */
  readonly last_refreshed_at: string;
  /** Whether it comes from the server that this one replaces, and was not used here yet. */
  readonly imported: boolean;
}

/** Fields of a client by the names of RFC 7591, as docs/clients.md lists them. */
export interface ClientFields {
  readonly client_name?: string | undefined;
  readonly grant_types?: readonly string[] | undefined;
  readonly token_endpoint_auth_method?: string | undefined;
  readonly scope?: string | undefined;
  readonly default_scope?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  readonly jwks?: { readonly keys: readonly object[] } | undefined;
  readonly allowed_origins?: readonly string[] | undefined;
  readonly access_token_format?: string | undefined;
  readonly access_token_ttl_seconds?: number | undefined;
  readonly refresh_idle_ttl_seconds?: number | undefined;
  readonly refresh_absolute_ttl_seconds?: number | undefined;
  readonly disabled?: boolean | undefined;
}

/** A client to make. */
export interface NewClient extends ClientFields {
  readonly client_id: string;
  /** Made here, and shown once, unless it is given. */
  readonly client_secret?: string | undefined;
}

/** Changes to a client: null takes a field back to its default, objects are merged (RFC 7396). */
export type ClientPatch = { readonly [Field in keyof ClientFields]?: ClientFields[Field] | null };

/** A client as it is shown. */
export interface ManagedClient extends ClientFields {
  readonly client_id: string;
  readonly has_secret: boolean;
  readonly has_previous_secret: boolean;
  readonly previous_secret_ends_at?: string | undefined;
  readonly created_at: string;
  readonly sessions_valid_from: string;
  /** Only where it was just made: this once. */
  readonly client_secret?: string | undefined;
}

/** Which part of a list: at most `limit` (100 unless said) that come behind `after`. */
export interface PageRequest {
  readonly after?: string;
  /** From 1 to 1000. */
  readonly limit?: number;
}

/** Why a call did nothing. */
export type NotDone =
  | { readonly kind: "not_found" | "already_exists" }
  /** Each problem names its field, if it has one. */
  | {
      readonly kind: "invalid";
      readonly problems: readonly { readonly place: string; readonly message: string }[];
    }
  /** Somebody else changed the same meanwhile: look, and try again. */
  | { readonly kind: "changed" }
  /** `MANAGEMENT_API` is off. */
  | { readonly kind: "off" }
  /** Nobody can tell for the moment: try again. A change may have been made. */
  | { readonly kind: "unavailable" };

/** What a call did, or why it did nothing. */
export type Managed<Result extends object = object> = ({ readonly kind: "ok" } & Result) | NotDone;

/** One page. `next` is what to ask for as `after`; null: there is no more. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** The entrypoint `Management`. None of its methods throws. */
export interface Manager {
  /** Lists users by name, or the one user of a name. */
  listUsers(
    page?: PageRequest & { readonly username?: string },
  ): Promise<Managed<Page<ManagedUser>>>;
  createUser(user: NewUser): Promise<Managed<{ readonly user: ManagedUser }>>;
  getUser(user: UserReference): Promise<Managed<{ readonly user: ManagedUser }>>;
  updateUser(
    user: UserReference,
    patch: UserPatch,
  ): Promise<Managed<{ readonly user: ManagedUser }>>;
  /** Ends every session of the user. */
  setPassword(user: UserReference, password: string): Promise<Managed>;
  /** Makes a password, which is shown this once, and ends every session of the user. */
  resetPassword(user: UserReference): Promise<Managed<{ readonly password: string }>>;
  /** Forgets the failed logins of the user, who may try again at once. */
  unlockUser(user: UserReference): Promise<Managed>;
  /** Lists the sessions of a user that have not ended, by id. */
  listUserSessions(user: UserReference, page?: PageRequest): Promise<Managed<Page<ManagedSession>>>;
  /** Ends one session. Doing so again changes nothing. */
  endUserSession(user: UserReference, sessionId: string): Promise<Managed>;
  endUserSessions(user: UserReference): Promise<Managed>;
  deleteUser(user: UserReference): Promise<Managed>;
  /** Lists clients by id. */
  listClients(page?: PageRequest): Promise<Managed<Page<ManagedClient>>>;
  createClient(client: NewClient): Promise<Managed<{ readonly client: ManagedClient }>>;
  getClient(clientId: string): Promise<Managed<{ readonly client: ManagedClient }>>;
  updateClient(
    clientId: string,
    patch: ClientPatch,
  ): Promise<Managed<{ readonly client: ManagedClient }>>;
  /** Makes a secret, shown this once, beside which the old one is good for as long as is said. */
  rotateClientSecret(
    clientId: string,
    rotation?: { readonly previous_secret_ends_at?: string },
  ): Promise<Managed<{ readonly client: ManagedClient }>>;
  /** Ends every token of the client, which may ask for others. */
  endClientSessions(clientId: string): Promise<Managed>;
  deleteClient(clientId: string): Promise<Managed>;
}
