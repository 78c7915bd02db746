import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { PYTHON } from "./debian.ts";
import { type Environment, run, start } from "./processes.ts";
import { isListening, type RunningCommand, startCommand } from "./running-command.ts";
import { freePort } from "./server.ts";

/** What the site is made of. */
export const DJANGO_SITE_DIR = join(PROJECT_DIR, "test/support/django-site");

/** Users and applications, by the fields of Django's models; see `make_accounts.py`. */
export interface DjangoAccounts {
  readonly users?: readonly object[];
  readonly applications?: readonly object[];
}

/** A Django site with django-oauth-toolkit under gunicorn, with a database of its own. */
export interface DjangoSite {
  readonly origin: string;
  /** What a shell needs to run `manage.py` of this site. */
  readonly env: Environment;
  /** Makes users and applications through Django's own models. */
  make(accounts: DjangoAccounts): Promise<void>;
  /** Ends gunicorn and starts it again with more environment. Origin and database stay. */
  restart(env: Environment): Promise<void>;
  stop(): Promise<void>;
}

/** Migrates an empty database in a folder, and serves. */
export async function startDjangoSite(folder: string): Promise<DjangoSite> {
  const port = await freePort();
  const env: Environment = {
    DATABASE: join(folder, "site.sqlite3"),
    SECRET_KEY: randomBytes(32).toString("hex"),
    DJANGO_SETTINGS_MODULE: "settings",
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const options = { cwd: DJANGO_SITE_DIR, env };
  succeed(await run(PYTHON, ["manage.py", "migrate", "--verbosity", "0"], options));
  let server = await serve(port, env);
  return {
    origin: `http://127.0.0.1:${port}`,
    env,
    async make(accounts) {
      const script = 'exec "$0" make_accounts.py <<< "$1"';
      const args = ["-c", script, PYTHON, JSON.stringify(accounts)];
      succeed(await start("bash", args, options).ended);
    },
    async restart(more) {
      await server.stop();
      server = await serve(port, { ...env, ...more });
    },
    async stop() {
      await server.stop();
    },
  };
}

function serve(port: number, env: Environment): Promise<RunningCommand> {
  const application = "django.core.wsgi:get_wsgi_application()";
  const args = ["-m", "gunicorn", "--bind", `127.0.0.1:${port}`, application];
  return startCommand(PYTHON, args, {
    cwd: DJANGO_SITE_DIR,
    env,
    isReady: () => isListening(port),
  });
}

function succeed({ code, stdout, stderr }: Awaited<ReturnType<typeof run>>): void {
  if (code !== 0) throw new Error(`ended with ${code}:\n${stdout}${stderr}`);
}
