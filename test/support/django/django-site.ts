import { generateKeyPairSync, randomBytes } from "node:crypto";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PYTHON } from "../debian.ts";
import { type Ended, type Environment, run } from "../processes.ts";
import { isListening, type RunningCommand, startCommand } from "../running-command.ts";
import { freePort } from "../server.ts";

/** What there is to be made of Django's models; see `make_accounts.py` for the fields. */
export interface DjangoAccounts {
  readonly users?: readonly object[];
  readonly applications?: readonly object[];
  readonly codes?: readonly object[];
  /** Names of users. */
  readonly deactivated?: readonly string[];
}

/** A Django site with django-oauth-toolkit under gunicorn, with a database of its own. */
export interface DjangoSite {
  readonly origin: string;
  /** Where `manage.py` is. */
  readonly dir: string;
  /** Runs a line in that folder, as the site's operator types it. */
  type(line: string): Promise<Ended>;
  /** Makes accounts through Django's own models. */
  make(accounts: DjangoAccounts): Promise<void>;
  /** Ends gunicorn and starts it again with lines added to the settings. All data stays. */
  restartWith(settings: string): Promise<void>;
  stop(): Promise<void>;
}

/** Makes a site in an empty folder, migrates its database, and serves. */
export async function startDjangoSite(folder: string): Promise<DjangoSite> {
  const added = join(folder, "added_settings.py");
  writeFileSync(added, "");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  mkdirSync(join(folder, "site"));
  const oidcKey = join(folder, "site/oidc.key");
  writeFileSync(oidcKey, privateKey.export({ type: "pkcs8", format: "pem" }));
  const app = await startDjangoApp(folder, "django-site", {
    OIDC_KEY: oidcKey,
    ADDED_SETTINGS: added,
  });
  return {
    ...app,
    async make(accounts) {
      const input = join(folder, "accounts.json");
      writeFileSync(input, JSON.stringify(accounts));
      await succeed(app.type(`python3 make_accounts.py < '${input}'`));
    },
    async restartWith(settings) {
      writeFileSync(added, settings);
      await app.restart();
    },
  };
}

/** A Django site under gunicorn, with a database of its own. */
interface DjangoApp extends Pick<DjangoSite, "origin" | "dir" | "type" | "stop"> {
  /** Ends gunicorn and starts it again. All data stays. */
  restart(): Promise<void>;
}

/**
 * Copies a site into an empty folder, migrates its database, and serves.
 *
 * @param source the folder of the site next to this file
 * @param settings what its `settings.py` reads from the environment, besides `DATABASE`
 * @param port where it listens
 */
export async function startDjangoApp(
  folder: string,
  source: "django-site" | "django-relying-party",
  settings: Environment,
  port?: number,
): Promise<DjangoApp> {
  const dir = join(folder, "site");
  cpSync(join(import.meta.dirname, source), dir, { recursive: true });
  const env: Environment = {
    ...settings,
    DATABASE: join(folder, "site.sqlite3"),
    SECRET_KEY: randomBytes(32).toString("hex"),
    DJANGO_SETTINGS_MODULE: "settings",
    PATH: `${debianPython(folder)}:${process.env["PATH"]}`,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const type = (line: string) => run("bash", ["-c", line], { cwd: dir, env });
  await succeed(type("python3 -m django migrate --verbosity 0"));
  const ownPort = port ?? (await freePort());
  let server = await serve(ownPort, dir, env);
  return {
    origin: `http://127.0.0.1:${ownPort}`,
    dir,
    type,
    async restart() {
      await server.stop();
      server = await serve(ownPort, dir, env);
    },
    async stop() {
      await server.stop();
    },
  };
}

/** A folder where `python3` is the one that has Django, whatever else this machine has. */
function debianPython(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(PYTHON, join(bin, "python3"));
  return bin;
}

function serve(port: number, cwd: string, env: Environment): Promise<RunningCommand> {
  const application = "django.core.wsgi:get_wsgi_application()";
  // By default it waits for open connections as long as a test waits for it to end.
  const ending = ["--graceful-timeout", "1"];
  const args = ["-m", "gunicorn", "--bind", `127.0.0.1:${port}`, ...ending, application];
  return startCommand(PYTHON, args, { cwd, env, isReady: () => isListening(port) });
}

async function succeed(ending: Promise<Ended>): Promise<void> {
  const { code, stdout, stderr } = await ending;
  if (code !== 0) throw new Error(`ended with ${code}:\n${stdout}${stderr}`);
}
