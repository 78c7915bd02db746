import { env } from "cloudflare:workers";
import { app } from "../../src/app.ts";
import {
  type PasswordConfig,
  parsePasswordConfig,
  type SettingName,
} from "../../src/config/index.ts";
import { secureRandom } from "../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../src/crypto/long-pbkdf2.ts";
import {
  createPasswordKinds,
  type PasswordKinds,
  type Passwords,
} from "../../src/crypto/passwords.ts";
import { apply } from "../../src/declarative/apply.ts";
import { parseRegistryFile } from "../../src/declarative/registry-file.ts";
import { createRegistry } from "../../src/storage/registry.ts";
import { storage } from "./storage-model/index.ts";
import { wholeEntries } from "./whole-entries.ts";

/** A success answer of the token endpoint. */
export interface TokenAnswer {
  access_token: string;
  expires_in: number;
  token_type: string;
  scope: string;
  refresh_token: string;
}

/** What a test looks at in a response. */
interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

/** The service over workerd's own bindings, with some settings or bindings replaced. */
export interface Service {
  env: Env;
  /** @param path or a whole URL, where the host matters */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Posts a form to the token endpoint, with HTTP Basic unless the fields name a client. */
  token<Body = Record<string, unknown>>(
    fields: Record<string, string>,
    credentials?: string | null,
  ): Promise<Answer<Body>>;
  /** Writes clients and users as `cli apply` does. */
  register(file: { clients?: object[]; users?: object[] }): Promise<void>;
}

/** Id and secret of the client that {@link registerDefaults} makes. */
export const CLIENT = "client:secret";

/** Fields of a password grant for the user that {@link registerDefaults} makes. */
export const LOGIN = {
  grant_type: "password",
  username: "ada",
  password: "correct horse",
} as const;

/** Fields of a client's own grant. */
export const OWN = { grant_type: "client_credentials" } as const;

/** Settings and bindings to replace, with the secrets and bindings that may be absent. */
export type Overrides = Partial<
  Record<keyof Env | SettingName | "AUDIT_EVENTS" | "METRICS", unknown>
>;

/** Builds a {@link Service}. Each has its own isolate-wide memory, as a fresh isolate would. */
export function createService(overrides: Overrides = {}): Service {
  const serviceEnv = { ...env, ...storage, ...overrides } as Env;
  const fetch = async (path: string, init?: RequestInit) => {
    const url = path.startsWith("http") ? path : `https://login.example.com${path}`;
    return app.fetch(new Request(url, init), serviceEnv);
  };
  return {
    env: serviceEnv,
    fetch,

    async token(fields, credentials = CLIENT) {
      const headers: Record<string, string> = {};
      if (credentials !== null) headers["Authorization"] = `Basic ${btoa(credentials)}`;
      const body = new URLSearchParams(fields);
      const response = await fetch("/o/token/", { method: "POST", headers, body });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },

    async register(file) {
      const config = parsePasswordConfig({ ...serviceEnv });
      await apply(parseRegistryFile(JSON.stringify(wholeEntries(file))), {
        registry: createRegistry(env.DB),
        ...(await hashingOnce(config)),
        passwordLengthMin: config.passwordLengthMin,
        newUserId: () => crypto.randomUUID(),
      });
    },
  };
}

/** What {@link Service.register} has hashed and compared. */
const hashed = new Map<string, Promise<unknown>>();

/**
 * Hashes and compares each password once for all tests, which register the same few accounts
 * thousands of times. Requests to the service do their own work.
 */
async function hashingOnce(config: PasswordConfig): Promise<PasswordKinds> {
  const kinds = await createPasswordKinds({
    ...config,
    random: secureRandom,
    deriveLong: longPbkdf2,
  });
  const once = <Result>(work: readonly unknown[], run: () => Promise<Result>): Promise<Result> => {
    const name = JSON.stringify([config, ...work]);
    const result = hashed.get(name) ?? run();
    hashed.set(name, result);
    return result as Promise<Result>;
  };
  const remember = (kind: keyof PasswordKinds): Passwords => ({
    ...kinds[kind],
    makeHash(password, sibling) {
      const work = [kind, "make", password, sibling];
      return once(work, () => kinds[kind].makeHash(password, sibling));
    },
    check(password, hashes) {
      return once([kind, "check", password, hashes], () => kinds[kind].check(password, hashes));
    },
  });
  return { userPasswords: remember("userPasswords"), clientSecrets: remember("clientSecrets") };
}

/** Registers one confidential client, one public client and one user. */
export async function registerDefaults(service: Service): Promise<void> {
  await service.register({
    clients: [
      {
        client_id: "client",
        client_secret: "secret",
        grant_types: ["password", "refresh_token", "client_credentials"],
      },
      { client_id: "public", token_endpoint_auth_method: "none" },
    ],
    users: [{ username: "ada", password: "correct horse" }],
  });
}
