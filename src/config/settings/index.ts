import { LIMITS } from "./limits.ts";
import { MOVING } from "./moving.ts";
import { PASSWORDS } from "./passwords.ts";
import { SERVICE } from "./service.ts";
import { TOKENS } from "./tokens.ts";

export { SECRETS } from "./secrets.ts";

/**
 * Every setting that is not a secret, by its name in the configuration that the service reads. A
 * new setting is one row in one of these files: its type, check, documentation, description at
 * deployment and the doctor's advice follow from it.
 */
export const SETTINGS = { ...SERVICE, ...TOKENS, ...PASSWORDS, ...LIMITS, ...MOVING };

/** The same in groups, as docs/configuration.md shows them. */
export const SETTING_GROUPS = {
  Service: SERVICE,
  "Tokens and logins": TOKENS,
  "User names and passwords": PASSWORDS,
  "Limits on guessing": LIMITS,
  "Moving from another server": MOVING,
} as const;
