import { createHash, pbkdf2Sync } from "node:crypto";

/** A row as `manage.py dumpdata` writes it. */
export interface DumpRow {
  readonly model: string;
  readonly pk?: number | string;
  readonly fields: Record<string, unknown>;
}

/** An hour ago and in ten hours, as Django writes times. */
export const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();
export const IN_TEN_HOURS = new Date(Date.now() + 36_000_000).toISOString();

/** Django's own record of a password. */
export function djangoRecord(password: string, iterations = 1000): string {
  const hash = pbkdf2Sync(password, "saltOfDjango", iterations, 32, "sha256").toString("base64");
  return `pbkdf2_sha256$${iterations}$saltOfDjango$${hash}`;
}

/** What imported tokens are kept under. */
export function sha256Hex(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** A row of `auth.User`. */
export function user(pk: number, username: string, fields: object = {}): DumpRow {
  return {
    model: "auth.user",
    pk,
    fields: {
      password: djangoRecord(`${username}-password`),
      last_login: null,
      is_superuser: false,
      username,
      first_name: "",
      last_name: "",
      email: `${username}@example.com`,
      is_staff: false,
      is_active: true,
      date_joined: HOUR_AGO,
      groups: [],
      user_permissions: [],
      ...fields,
    },
  };
}

/** A row of `oauth2_provider.Application` of DOT 1.7: its secret is plain. */
export function application(pk: number, clientId: string, fields: object = {}): DumpRow {
  return {
    model: "oauth2_provider.application",
    pk,
    fields: {
      client_id: clientId,
      user: 1,
      redirect_uris: "",
      client_type: "confidential",
      authorization_grant_type: "password",
      client_secret: `${clientId}-secret`,
      name: `The ${clientId}`,
      skip_authorization: false,
      created: HOUR_AGO,
      updated: HOUR_AGO,
      algorithm: "",
      ...fields,
    },
  };
}

/** A row of `oauth2_provider.AccessToken` of DOT 1.7. */
export function accessToken(pk: number, fields: object = {}): DumpRow {
  return {
    model: "oauth2_provider.accesstoken",
    pk,
    fields: {
      user: 1,
      source_refresh_token: null,
      token: `access-${pk}`,
      id_token: null,
      application: 1,
      expires: IN_TEN_HOURS,
      scope: "read write",
      created: HOUR_AGO,
      updated: HOUR_AGO,
      ...fields,
    },
  };
}

/** A row of `oauth2_provider.RefreshToken` of DOT 1.7. */
export function refreshToken(pk: number, fields: object = {}): DumpRow {
  return {
    model: "oauth2_provider.refreshtoken",
    pk,
    fields: {
      user: 1,
      token: `refresh-${pk}`,
      application: 1,
      access_token: pk,
      created: HOUR_AGO,
      updated: HOUR_AGO,
      revoked: null,
      ...fields,
    },
  };
}

/** The same row as DOT 3.4 has it: more fields, a hashed secret, a checksum for each token. */
export function asNewDot({ fields, ...row }: DumpRow): DumpRow {
  const { token, client_secret: secret } = fields;
  if (typeof secret === "string") {
    const added = { post_logout_redirect_uris: "", hash_client_secret: true, allowed_origins: "" };
    return { ...row, fields: { ...added, ...fields, client_secret: djangoRecord(secret) } };
  }
  if (typeof token !== "string") return { ...row, fields };
  const family = "token_family" in fields || !("access_token" in fields);
  const added = family ? {} : { token_family: "0b0c8f38-5a5c-4f5e-9a4e-2f4f2b8f6a11" };
  return { ...row, fields: { ...fields, ...added, token_checksum: sha256Hex(token) } };
}
