/** Fields that `apply` leaves as they are where an entry does not name them. Null: the default. */
const CLIENT_DEFAULTS = {
  client_name: null,
  grant_types: null,
  token_endpoint_auth_method: null,
  scope: null,
  default_scope: null,
  audience: null,
  claims: null,
  jwks: null,
  allowed_origins: null,
  access_token_format: null,
  access_token_ttl_seconds: null,
  refresh_idle_ttl_seconds: null,
  refresh_absolute_ttl_seconds: null,
  disabled: null,
};

const USER_DEFAULTS = { claims: null, is_active: null };

/** Names every field, so that an earlier test of the same state leaves nothing behind. */
export function wholeEntries({
  clients,
  users,
}: {
  readonly clients?: readonly object[];
  readonly users?: readonly object[];
}): object {
  return {
    ...(clients && { clients: clients.map((one) => ({ ...CLIENT_DEFAULTS, ...one })) }),
    ...(users && { users: users.map((one) => ({ ...USER_DEFAULTS, ...one })) }),
  };
}
