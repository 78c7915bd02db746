import { waitUntil } from "cloudflare:workers";
import { readSetting, SETTINGS } from "./config/index.ts";
import { secureRandom, toHex } from "./crypto/bytes.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import {
  type AuditQueue,
  createObserver,
  logFailure,
  type Observer,
} from "./telemetry/request-log.ts";

/** Optional bindings for monitoring; see docs/observability.md. */
interface ObservabilityBindings {
  readonly AUDIT_EVENTS?: AuditQueue;
  readonly METRICS?: Metrics;
}

/** Length of a request id, in bytes: that of Cloudflare's own. */
const REQUEST_ID_BYTES = 8;

/** Milliseconds since the epoch. */
export const clock = (): number => Date.now();

/** Lets work continue after the response; its failure is logged and changes nothing. */
export const defer = (work: Promise<unknown>): void => {
  waitUntil(work.catch((error) => logFailure("deferred_failed", error)));
};

/**
 * What a request needs before its {@link Deps}. Its settings are read one by one, so that a request
 * is routed and logged while other settings are invalid.
 */
export interface EarlyDeps {
  readonly observer: Observer;
  /** The setting `ISSUER`, or null: the origin that a request came to. */
  readonly issuerUrl: string | null;
  /** The setting `PATH_PREFIX`. */
  readonly pathPrefixes: readonly string[];
  /** While the management API is off, its paths are unknown. */
  readonly hasManagementApi: boolean;
}

/** Returns the {@link EarlyDeps} of an `env`, which are created once. */
export const getEarlyDeps = oncePerEnv<EarlyDeps>((env) => {
  const { AUDIT_EVENTS: auditQueue, METRICS: metrics } = env as Env & ObservabilityBindings;
  const logsAll = readSetting(SETTINGS.logRequests, env) === "all";
  return {
    observer: createObserver({ clock, defer, auditQueue, metrics, logsAll }),
    issuerUrl: readSetting(SETTINGS.issuer, env),
    pathPrefixes: readSetting(SETTINGS.pathPrefix, env),
    hasManagementApi: readSetting(SETTINGS.managementApi, env) === "on",
  };
});

/** Calls a function once for each `env`. An isolate has one; tests have several. */
export function oncePerEnv<Value extends object>(create: (env: Env) => Value): (env: Env) => Value {
  const created = new WeakMap<Env, Value>();
  return (env) => {
    const value = created.get(env) ?? create(env);
    created.set(env, value);
    return value;
  };
}

/** A `cf-ray`: 64 bits in hexadecimal, then the data centre. */
const CF_RAY = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

/**
 * The id of a request: Cloudflare's `cf-ray`, which is also in Cloudflare's own logs, and which a
 * caller cannot set. A caller's `X-Request-Id` is ignored: it could repeat another request's id.
 */
export function requestIdOf(headers: Headers): string {
  const ray = headers.get("cf-ray");
  return ray !== null && CF_RAY.test(ray) ? ray : newRequestId();
}

/** Makes a request id, for a request without one from the platform. */
export function newRequestId(): string {
  return toHex(secureRandom(REQUEST_ID_BYTES));
}
