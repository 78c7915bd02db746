import { createExecutionContext } from "cloudflare:test";
import { createJwksVerifier } from "../../src/resource-server/jwks-verifier.ts";
import type { Verifier } from "../../src/resource-server/verification.ts";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import { API, ISSUER, JWT_CLIENT, stubFetch } from "./checks.ts";
import { passSeconds } from "./clock.ts";
import { readJws } from "./jws.ts";
import { ask, granted, logIn, refresh } from "./requests.ts";
import { createService, type Service } from "./service.ts";

/** What the service runs with for a while: two settings side by side while one is rolled out. */
export interface Stage {
  /** Values of `SIGNING_KEYS`. */
  readonly settings: readonly string[];
  readonly minutes: number;
}

/** What became of all that was verified. */
interface LoadReport {
  readonly verified: number;
  readonly failed: number;
  /** Ids of the keys that signed. */
  readonly signedBy: ReadonlySet<string>;
}

/** How often the whole world acts, in minutes. */
const STEP_MINUTES = 5;

/** A live token, and when its time is over. */
interface LiveToken {
  readonly token: string;
  readonly endsAtMs: number;
}

/**
 * Goes through the stages with tokens issued and refreshed by every isolate all along, and verifies
 * each of them, until it expires, in every way there is: by RPC in every isolate, and by JWKS with
 * a verifier that keeps the keys and with a new one. Needs `stopClock`.
 */
export async function rotateUnderLoad(stages: readonly Stage[]): Promise<LoadReport> {
  let isolates: readonly Service[] = [];
  let fetches = 0;
  stubFetch(({ pathname }) => {
    fetches += 1;
    const isolate = isolates[fetches % isolates.length];
    return isolate?.fetch(pathname) ?? Promise.reject(new Error("no isolate"));
  });
  const byKeys = () => createJwksVerifier({ issuer: ISSUER, audience: API });
  const longLived = byKeys();
  const known = new Map<string, Service>();
  const isolateOf = (setting: string) => {
    const isolate = known.get(setting) ?? createService({ SIGNING_KEYS: setting });
    known.set(setting, isolate);
    return isolate;
  };

  const report = { verified: 0, failed: 0, signedBy: new Set<string>() };
  let live: LiveToken[] = [];
  let session = "";
  for (const { settings, minutes } of stages) {
    isolates = settings.map(isolateOf);
    for (let minute = 0; minute < minutes; minute += STEP_MINUTES) {
      const issued = await Promise.all(isolates.map(issue));
      const [first] = isolates;
      if (first !== undefined) {
        const pair = session ? granted(await refresh(first, session, {}, JWT_CLIENT)) : null;
        session = (pair ?? (await logIn(first, {}, JWT_CLIENT))).refresh_token;
        if (pair !== null) issued.push(pair.access_token);
      }
      const endsAtMs = Date.now() + 3_600_000;
      live = live.filter((one) => Date.now() < one.endsAtMs);
      live.push(...issued.map((token) => ({ token, endsAtMs })));
      for (const token of issued) report.signedBy.add(String(readJws(token).header["kid"]));
      const verifiers = [...isolates.map(byRpc), longLived, byKeys()];
      await verifyAll(live, verifiers, report);
      passSeconds(STEP_MINUTES * 60);
    }
  }
  return report;
}

async function verifyAll(
  live: readonly LiveToken[],
  verifiers: readonly Verifier[],
  report: { verified: number; failed: number },
): Promise<void> {
  const verifications = live.flatMap(({ token }) => {
    return verifiers.map((verifier) => verifier.verify(token, { audience: API }));
  });
  for (const { kind } of await Promise.all(verifications)) {
    if (kind === "verified") report.verified += 1;
    else report.failed += 1;
  }
}

async function issue(isolate: Service): Promise<string> {
  return granted(await ask(isolate, { grant_type: "client_credentials" }, JWT_CLIENT)).access_token;
}

function byRpc({ env }: Service): Verifier {
  return new TokenVerifier(createExecutionContext(), env);
}
