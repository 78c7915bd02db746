/** Every binding without which the service does not start, and what it is for. */
export const BINDINGS = {
  DB: "D1 database of clients and users.",
  ACCESS_TOKENS: "KV namespace of opaque access tokens, each under its hash.",
  REFRESH_FAMILIES: "Durable Objects that consume each refresh token exactly once. One per login.",
  USED_ASSERTIONS:
    "Durable Objects that remember used client assertions. One per client with " +
    "`private_key_jwt`.",
  ADDRESS_RATE_LIMIT: "Counts the requests of each address, as a first filter.",
  FAILURE_COUNTERS:
    "Durable Objects that count wrong passwords and secrets. One per user name and per client.",
  FOREIGN_PASSWORDS:
    "Durable Objects that check long password hashes from Django apart from other work. They " +
    "store nothing.",
} as const;

/** Bindings that an older `wrangler.toml` does not have; without one, a feature is off. */
export const OPTIONAL_BINDINGS = {
  FETCHED_DOCUMENTS:
    "Durable Objects that keep metadata documents and keys of clients. One per host. Needed " +
    "unless `CIMD` is `off`.",
  LOGOUT_SENDERS:
    "Durable Objects that send logout tokens to clients. One per client with " +
    "`backchannel_logout_uri`. Without this binding there is no back-channel logout.",
} as const;
