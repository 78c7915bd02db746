/** The types of a client and of its row: a property and a column for each of `CLIENT_FIELDS`. */
import type { Scope } from "../protocol/scope.ts";
import type { CLIENT_FIELDS, ClientFieldName, ClientFieldValue } from "./metadata.ts";

type Fields = typeof CLIENT_FIELDS;

/** A value in each kind of column, and as the service reads it. */
interface Forms<Value> {
  readonly plain: { readonly column: Value; readonly property: Value };
  readonly scope: { readonly column: string; readonly property: Scope };
  readonly words: { readonly column: string; readonly property: readonly string[] };
  readonly json: { readonly column: string; readonly property: Value };
  readonly flag: { readonly column: number; readonly property: boolean };
}

/** One side of {@link Forms} for a field; null where the field may be absent. */
type Form<Name extends ClientFieldName, Side extends "column" | "property"> =
  | Forms<NonNullable<ClientFieldValue<Name>>>[Fields[Name]["column"]][Side]
  | (undefined extends ClientFieldValue<Name> ? null : never);

/** The fields of a client, by their properties. */
export type ClientProperties = {
  readonly [Name in ClientFieldName as Fields[Name]["property"]]: Form<Name, "property">;
};

/**
 * Who registered a client: an operator, the client itself (RFC 7591), or a document at the URL that
 * is its id.
 */
export type ClientRegistration = "operator" | "dynamic" | "document";

/** A client. */
export interface Client extends ClientProperties {
  readonly clientId: string;
  readonly secretHash: string | null;
  /** The secret before the last rotation; valid until {@link previousSecretEndsAtMs}. */
  readonly previousSecretHash: string | null;
  /** Null: the previous secret stays valid until it is removed. */
  readonly previousSecretEndsAtMs: number | null;
  /** Where the keys of `private_key_jwt` are published instead, or null. */
  readonly jwksUri: string | null;
  readonly registration: ClientRegistration;
  /** Families that began before this instant have ended. */
  readonly notBeforeMs: number;
}

/** A client as it was when it was last verified. It may have changed or ended since. */
export type VerifiedClient = Pick<Client, "clientId" | "authMethod" | "grantTypes">;

/** The columns of the fields of a client. */
export type FieldColumns = { [Name in ClientFieldName]: Form<Name, "column"> };

/** The columns of a client that hold its secrets. */
export interface SecretColumns {
  secret_record: string | null;
  previous_secret_record: string | null;
  previous_secret_ends_at_ms: number | null;
}

/** The columns of a client that an operator can set. */
export interface ClientColumns extends FieldColumns, SecretColumns {}

/** A client to add: its id and its columns. */
export interface NewClientRow extends ClientColumns {
  client_id: string;
}

/** A row of the table `clients`. */
export interface ClientRow extends NewClientRow {
  jwks_uri: string | null;
  registration: ClientRegistration;
  not_before_ms: number;
  created_at_ms: number;
}
