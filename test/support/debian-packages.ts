/**
 * The Debian packages that some tests need beyond Node, git, curl and bash. `npm run test:system`
 * names those that are missing; `node test/support/debian-packages.ts` prints them, one a line.
 */
import { spawnSync } from "node:child_process";

const GO_JWT = "/usr/share/gocode/src/github.com/golang-jwt/jwt/token.go";
const NGINX_JS = "/usr/lib/nginx/modules/ngx_http_js_module.so";
const APACHE_OPENIDC = "/usr/lib/apache2/modules/mod_auth_openidc.so";

/** How to see that each package is installed. */
const CHECKS = {
  chromium: ["sh", "-c", "command -v chromium"],
  httpie: ["http", "--version"],
  bsdutils: ["script", "--version"],
  zsh: ["zsh", "--version"],
  fish: ["fish", "--version"],
  openssl: ["openssl", "version"],
  "nginx-light": ["/usr/sbin/nginx", "-v"],
  "libnginx-mod-http-js": ["test", "-e", NGINX_JS],
  "python3-django": python("django"),
  "python3-djangorestframework": python("rest_framework"),
  "python3-requests-oauthlib": python("requests_oauthlib"),
  "python3-authlib": python("authlib"),
  "python3-social-django": python("social_django"),
  "python3-jose": python("jose"),
  "libapache2-mod-auth-openidc": ["test", "-e", APACHE_OPENIDC],
  "python3-django-oauth-toolkit": python("oauth2_provider"),
  gunicorn: python("gunicorn"),
  "python3-fastapi": python("fastapi"),
  "python3-uvicorn": python("uvicorn"),
  "python3-jwt": python("jwt"),
  "python3-cryptography": python("cryptography"),
  "golang-go": ["/usr/bin/go", "version"],
  "golang-github-golang-jwt-jwt-dev": ["test", "-e", GO_JWT],
} satisfies Record<string, readonly [string, ...string[]]>;

/** Name of such a package. */
export type DebianPackage = keyof typeof CHECKS;

/** All of them. */
const DEBIAN_PACKAGES = Object.keys(CHECKS) as DebianPackage[];

/** Those of the packages that are not installed. */
export function missing(packages: readonly DebianPackage[] = DEBIAN_PACKAGES): DebianPackage[] {
  return packages.filter((name) => {
    const [command, ...args] = CHECKS[name];
    return spawnSync(command, args, { stdio: "ignore" }).status !== 0;
  });
}

function python(module: string): [string, ...string[]] {
  return ["/usr/bin/python3", "-c", `import ${module}`];
}

if (import.meta.main) for (const name of missing()) console.log(name);
