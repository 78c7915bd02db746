import { LIMITS } from "./limits.ts";
import { MOVING } from "./moving.ts";
import { PAGES } from "./pages.ts";
import { PASSWORDS } from "./passwords.ts";
import { SERVICE } from "./service.ts";
import { TOKENS } from "./tokens.ts";
import { UNREGISTERED_CLIENTS } from "./unregistered-clients.ts";

export { SECRETS } from "./secrets.ts";

/**
 * All settings that are not secrets, by their name in {@link Config}. A new setting is one row in
 * one of these files: its type, check, documentation, deployment description and `doctor` advice
 * are derived from it.
 *
 * @example
 * failureDelaySecondsMax: { name: "FAILURE_DELAY_SECONDS_MAX", kind: SECONDS, default: 900, doc },
 */
export const SETTINGS = {
  ...SERVICE,
  ...TOKENS,
  ...PAGES,
  ...UNREGISTERED_CLIENTS,
  ...PASSWORDS,
  ...LIMITS,
  ...MOVING,
};

/** The settings in the groups of docs/configuration.md. */
export const SETTING_GROUPS = {
  Service: SERVICE,
  "Tokens and logins": TOKENS,
  "Signing in with a browser": PAGES,
  "Unregistered clients": UNREGISTERED_CLIENTS,
  "User names and passwords": PASSWORDS,
  "Limits on guessing": LIMITS,
  "Moving from another server": MOVING,
} as const;
