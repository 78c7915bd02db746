import type { DjangoAccounts, DjangoSite } from "../django/django-site.ts";
import { type Answer, postTo } from "./old-and-new.ts";

/** The password of every user of the old site. */
export const PASSWORD = "corréct horse & + battery";

/** As DOT makes them. */
const SHOP_SECRET = "aB3".repeat(42);

const REDIRECT_URI = "https://web.example.com/callback";

/** Who is at the old site, by how their passwords are hashed there and what became of them. */
export const ACCOUNTS: DjangoAccounts = {
  users: [
    ...["ada", "bob", "ina", "žofie@example.com"].map((username) => ({
      username,
      password: PASSWORD,
    })),
    { username: "una", password: null },
    { username: "old", password: PASSWORD, hasher: "pbkdf2_sha256", iterations: 20_000 },
    { username: "new", password: PASSWORD, hasher: "pbkdf2_sha256", iterations: 1_000_000 },
    { username: "sha", password: PASSWORD, hasher: "pbkdf2_sha1" },
    { username: "shy", password: PASSWORD, hasher: "pbkdf2_sha1" },
  ],
  applications: [
    application("shop", "confidential", "password", SHOP_SECRET),
    application("app", "public", "password", ""),
    application("reports", "confidential", "client-credentials", "reports-secret"),
    application("web", "confidential", "authorization-code", "s e+cret:%"),
  ],
};

/** Clients by their id, with what they send. */
export const CLIENTS = {
  shop: { id: "shop", secret: SHOP_SECRET },
  app: { id: "app", secret: null },
  reports: { id: "reports", secret: "reports-secret" },
  web: { id: "web", secret: "s e+cret:%" },
} as const;

function application(client_id: string, client_type: string, grant: string, secret: string) {
  const redirect_uris = grant === "authorization-code" ? REDIRECT_URI : "";
  const how = { client_type, authorization_grant_type: grant, client_secret: secret };
  return { client_id, name: `The ${client_id}`, redirect_uris, ...how };
}

/** Logs in anywhere with a password. */
export function logIn(
  origin: string,
  username: string,
  client: keyof typeof CLIENTS = "shop",
): Promise<Answer> {
  const fields = { grant_type: "password", username, password: PASSWORD };
  return postTo(origin, "token", fields, CLIENTS[client]);
}

/** Refreshes anywhere. */
export function refresh(
  origin: string,
  refresh_token: string | undefined,
  client: keyof typeof CLIENTS = "shop",
): Promise<Answer> {
  const fields = { grant_type: "refresh_token", refresh_token: refresh_token ?? "" };
  return postTo(origin, "token", fields, CLIENTS[client]);
}

/** Trades an authorization code, as after a user's consent on a page of the site. */
async function tradeCode(site: DjangoSite, username: string): Promise<Answer> {
  const code = { code: `code-of-${username}`, redirect_uri: REDIRECT_URI };
  await site.make({ codes: [{ ...code, client_id: "web", username, scope: "read" }] });
  const fields = { grant_type: "authorization_code", ...code };
  return postTo(site.origin, "token", fields, CLIENTS.web);
}

/** Gets tokens of every kind at the old site. @returns them by what becomes of them */
export async function issueAtDjango(site: DjangoSite): Promise<Record<string, Answer["body"]>> {
  const consumed = await logIn(site.origin, "ada");
  const revoked = await logIn(site.origin, "ada");
  const token = revoked.body.refresh_token ?? "";
  await postTo(site.origin, "revoke_token", { token }, CLIENTS.shop);
  const inactive = await logIn(site.origin, "ina");
  await site.make({ deactivated: ["ina"] });
  const alone = { grant_type: "client_credentials", scope: "read" };
  const answers = {
    ada: await logIn(site.origin, "ada"),
    bob: await logIn(site.origin, "bob", "app"),
    raced: await logIn(site.origin, "ada"),
    waiting: await logIn(site.origin, "ada"),
    unused: await logIn(site.origin, "ada"),
    consumed,
    refreshed: await refresh(site.origin, consumed.body.refresh_token),
    revoked,
    inactive,
    web: await tradeCode(site, "bob"),
    reports: await postTo(site.origin, "token", alone, CLIENTS.reports),
  };
  for (const [name, { status }] of Object.entries(answers)) {
    if (status !== 200) throw new Error(`the old site issued no tokens for ${name}`);
  }
  return Object.fromEntries(Object.entries(answers).map(([name, { body }]) => [name, body]));
}
