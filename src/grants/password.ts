import { utf8 } from "../crypto/bytes.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { hasControlCharacter, type Params } from "../protocol/params.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Client, User } from "../storage/accounts.ts";
import { audit } from "../telemetry/audit.ts";
import type { Origin } from "../throttle/names.ts";
import { adoptUser, type Named } from "./adopt-user.ts";
import { audienceOf } from "./audience.ts";
import { type Grant, type GrantTools, lifetimesOf } from "./grant.ts";
import { initialScope } from "./granted-scope.ts";
import { holdFailures } from "./hold-failures.ts";
import { type Addresses, userAddressOf } from "./user-address.ts";

/** Resource owner password credentials (RFC 6749 §4.3): a user logs in, a family begins. */
export const passwordGrant: Grant = {
  grantType: "password",

  async prepare({ params, addresses }, tools) {
    const username = params.get("username");
    return {
      query: username === undefined ? {} : { userKeys: [{ username }] },
      userOf: (accounts) => (username === undefined ? null : accounts.user({ username })),

      async authorize(client, user, accounts) {
        const credentials = requiredCredentials(params);
        const attempt = {
          username: credentials.username,
          clientId: client.clientId,
          origin: originOf(client, addresses),
          unlockedAtMs: user?.unlockedAtMs ?? 0,
        };
        const hasSimilar = accounts.hasSimilarUser(credentials.username);
        const check = () => logIn({ user, hasSimilar }, credentials, tools);
        // Held outermost, so that nothing counts as under way while somebody waits.
        const loggedIn = await holdFailures(() => tools.throttle.login(attempt, check), tools);
        const resource = params.get("resource") ?? null;
        const mayRefresh = client.grantTypes.includes("refresh_token");
        return {
          clientId: client.clientId,
          subject: loggedIn.id,
          scope: initialScope(params.get("scope"), client, tools.scopes),
          audience: audienceOf(params.get("resource"), client),
          claims: { ...client.claims, ...loggedIn.claims },
          accessTokenFormat: client.accessTokenFormat,
          lifetimes: lifetimesOf(client, tools.lifetimes),
          continuation: mayRefresh ? { kind: "new_family", resource } : { kind: "none" },
        };
      },
    };
  },
};

function originOf(client: Client, addresses: Addresses): Origin {
  const { clientId, authMethod } = client;
  const provedClientId = authMethod === "none" ? null : clientId;
  return { address: userAddressOf(client, addresses), provedClientId };
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** @throws Refusal when user name or password is absent, or holds what no credential may hold */
function requiredCredentials(params: Params): Credentials {
  const username = params.get("username");
  if (username === undefined) throw new Refusal("username_missing");
  const password = params.get("password");
  if (password === undefined) throw new Refusal("password_missing");
  if (hasControlCharacter(username)) throw new Refusal("username_control_character");
  if (hasControlCharacter(password)) throw new Refusal("password_control_character");
  return { username, password };
}

/**
 * Unknown, inactive, unusable and wrong cost the same work and differ only in the log; what is
 * foreign takes longer, which {@link holdFailures} hides. This is one attempt at a password, here
 * and at the old endpoint together.
 */
async function logIn(
  named: Named,
  { username, password }: Credentials,
  tools: GrantTools,
): Promise<User> {
  const { user } = named;
  const records = user === null ? [] : [user.passwordRecord];
  const { matched, outdated } = await tools.userPasswords.check(password, records);
  const adopted = matched === null ? await adoptUser(username, password, named, tools) : null;
  if (adopted !== null) return adopted;
  if (user === null) throw new Refusal("user_unknown");
  if (matched === null) throw new Refusal(reasonOf(user, password));
  if (!user.isActive) throw new Refusal("user_inactive");
  if (outdated) tools.defer(replaceRecord(user, password, tools));
  return user;
}

function reasonOf(
  user: User,
  password: string,
): "password_unusable" | "password_too_long" | "password_wrong" {
  if (user.passwordRecord.startsWith("!")) return "password_unusable";
  return utf8(password).length > PASSWORD_BYTES_MAX ? "password_too_long" : "password_wrong";
}

async function replaceRecord(user: User, password: string, tools: GrantTools): Promise<void> {
  const record = await tools.userPasswords.makeRecord(password);
  const isReplaced = await tools.accounts.replacePasswordRecord(
    user.id,
    user.passwordRecord,
    record,
  );
  if (isReplaced) audit({ action: "password_rehashed", userId: user.id });
}
