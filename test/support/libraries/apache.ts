import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newBrowser } from "../browsing.ts";
import { isListening, startCommand } from "../running-command.ts";
import { temporaryDir } from "../server.ts";
import type { OpenIdLibrary } from "./openid-library.ts";

/** Where Debian's Apache has its modules. */
const MODULES = "/usr/lib/apache2/modules";

/** Where the module receives codes, and what else it is asked there. */
export const APACHE_CALLBACK = "/protected/callback";

/** What the module keeps of a user, as its info hook shows it. */
interface Info {
  readonly access_token: string;
  readonly id_token: { readonly sub: string };
  readonly userinfo: { readonly sub: string; readonly name: string };
}

/** Debian's Apache at a port, with a page that its `mod_auth_openidc` protects. */
export async function startApache(
  port: number,
  issuer: string,
  clientId: string,
  clientSecret: string,
): Promise<OpenIdLibrary & { stop(): Promise<void> }> {
  const origin = `http://127.0.0.1:${port}`;
  const { path: folder, remove } = temporaryDir();
  const errors = join(folder, "error.log");
  mkdirSync(join(folder, "htdocs/protected"), { recursive: true });
  writeFileSync(join(folder, "htdocs/protected/index.html"), "For users only");
  // Started by root, it reads as another user.
  chmodSync(folder, 0o755);
  const modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "auth_openidc"];
  const config = `
    ServerRoot ${folder}
    ServerName 127.0.0.1
    Listen 127.0.0.1:${port}
    PidFile ${join(folder, "apache.pid")}
    ErrorLog ${errors}
    User www-data
    Group www-data
    ${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
    DocumentRoot ${join(folder, "htdocs")}
    OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
    OIDCClientID ${clientId}
    OIDCClientSecret ${clientSecret}
    OIDCRedirectURI ${origin}${APACHE_CALLBACK}
    OIDCCryptoPassphrase passphrase-of-the-site
    OIDCScope "openid profile"
    OIDCPKCEMethod S256
    OIDCInfoHook access_token id_token userinfo
    <Location /protected>
      AuthType openid-connect
      Require valid-user
      # Whatever the request's headers say: those of Node are never those of a navigation.
      OIDCUnAuthAction auth true
    </Location>`;
  const configPath = join(folder, "apache.conf");
  writeFileSync(configPath, config);
  const server = await startCommand("/usr/sbin/apache2", ["-DFOREGROUND", "-f", configPath], {
    isReady: () => isListening(port),
  });

  const browser = newBrowser({ fetch: (...request) => fetch(...request) }, origin);
  /** Asks the module for something at its callback. */
  const ask = (query: Readonly<Record<string, string>>) =>
    browser.open(`${APACHE_CALLBACK}?${new URLSearchParams(query)}`);
  async function readInfo(): Promise<Info> {
    const { status, text } = await ask({ info: "json" });
    if (status !== 200) throw new Error(`${status}: ${text}${readFileSync(errors, "utf8")}`);
    return JSON.parse(text);
  }
  return {
    async signIn(visit) {
      const { location } = await browser.open("/protected/");
      const { pathname, search } = await visit(location ?? "");
      await browser.open(pathname + search);
      const { id_token, userinfo } = await readInfo();
      const page = await browser.open("/protected/");
      if (page.text !== "For users only") throw new Error(page.text);
      return { subject: id_token.sub, name: userinfo.name };
    },
    async refresh() {
      const { access_token } = await readInfo();
      const { location } = await ask({ refresh: `${origin}/protected/`, access_token });
      const error = location?.searchParams.get("error_code");
      if (typeof error === "string") throw new Error(error);
      const { access_token: next, userinfo } = await readInfo();
      if (next === access_token) throw new Error("It did not refresh");
      return { subject: userinfo.sub, name: userinfo.name };
    },
    async signOutUrl() {
      return (await ask({ logout: `${origin}/signed-out` })).location ?? "";
    },
    async stop() {
      await server.stop();
      remove();
    },
  };
}
