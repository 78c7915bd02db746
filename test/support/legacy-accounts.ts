/** The client that may call the old token endpoint, in characters that must be form-encoded. */
export const LEGACY_CLIENT = { id: "mover:1", secret: "hüsh +" } as const;

/** A client there without a secret. */
export const PUBLIC_LEGACY_CLIENT = "public mover";

/** What is right there, for every user. */
export const LEGACY_PASSWORD = "legacy horse, ü+&=%";
