/** The bindings that storage uses. */
export type Bindings = Pick<
  Env,
  | "ACCESS_TOKENS"
  | "ADDRESS_RATE_LIMIT"
  | "DB"
  | "FAILURE_COUNTERS"
  | "FETCHED_DOCUMENTS"
  | "FOREIGN_PASSWORDS"
  | "REFRESH_FAMILIES"
  | "USED_ASSERTIONS"
>;

/**
 * Sees one operation of a binding.
 *
 * @param operation such as `d1.batch`, `kv.put`, `family.rotate`, `assertion.consume`,
 *   `document.claim`, `password.derive`, `failures.admit` or `address.limit`
 * @param proceed does the real operation; may be called once, more often or never
 * @param args what the operation was called with
 * @param target the binding, or the stub of an object
 */
export type Intercept = (
  operation: string,
  proceed: () => Promise<unknown>,
  args: readonly unknown[],
  target: object,
) => Promise<unknown>;

type Method = (...args: unknown[]) => unknown;
type Replacements = Readonly<Record<string, Method>>;

const STATEMENT_OPERATIONS = ["run", "all", "first", "raw"];
const KV_OPERATIONS = ["get", "getWithMetadata", "put", "delete", "list"];

/** Wraps bindings so that `intercept` sees each round trip to storage. */
export function wrapBindings(bindings: Bindings, intercept: Intercept): Bindings {
  return {
    DB: interceptDatabase(bindings.DB, intercept),
    ACCESS_TOKENS: wrapKv(bindings.ACCESS_TOKENS, intercept),
    ADDRESS_RATE_LIMIT: replaceMethods(
      bindings.ADDRESS_RATE_LIMIT,
      operations(bindings.ADDRESS_RATE_LIMIT, "address", ["limit"], intercept),
    ),
    FAILURE_COUNTERS: interceptObjects(bindings.FAILURE_COUNTERS, "failures", intercept),
    FETCHED_DOCUMENTS: interceptObjects(bindings.FETCHED_DOCUMENTS, "document", intercept),
    REFRESH_FAMILIES: interceptObjects(bindings.REFRESH_FAMILIES, "family", intercept),
    FOREIGN_PASSWORDS: interceptObjects(bindings.FOREIGN_PASSWORDS, "password", intercept),
    USED_ASSERTIONS: interceptObjects(bindings.USED_ASSERTIONS, "assertion", intercept),
  };
}

/** Wraps one KV namespace. */
export function wrapKv(kv: KVNamespace, intercept: Intercept): KVNamespace {
  return replaceMethods(kv, operations(kv, "kv", KV_OPERATIONS, intercept));
}

function interceptObjects<Class extends Rpc.DurableObjectBranded>(
  objects: DurableObjectNamespace<Class>,
  prefix: string,
  intercept: Intercept,
): DurableObjectNamespace<Class> {
  return replaceMethods(objects, {
    get: (id) => interceptStub(objects.get(id as DurableObjectId), prefix, intercept),
    getByName: (name) => interceptStub(objects.getByName(String(name)), prefix, intercept),
  });
}

function interceptDatabase(db: D1Database, intercept: Intercept): D1Database {
  const real = new WeakMap<object, D1PreparedStatement>();

  function wrap(statement: D1PreparedStatement): D1PreparedStatement {
    const wrapped = replaceMethods(statement, {
      ...operations(statement, "d1", STATEMENT_OPERATIONS, intercept),
      bind: (...values) => wrap(statement.bind(...values)),
    });
    real.set(wrapped, statement);
    return wrapped;
  }

  return replaceMethods(db, {
    ...operations(db, "d1", ["exec"], intercept),
    prepare: (query) => wrap(db.prepare(query as string)),
    batch: (statements) => {
      const all = (statements as object[]).map((one) => real.get(one) as D1PreparedStatement);
      return intercept("d1.batch", () => db.batch(all), [statements], db);
    },
  });
}

/** Every method of a stub is a call to the object. */
function interceptStub<Stub extends object>(
  stub: Stub,
  prefix: string,
  intercept: Intercept,
): Stub {
  return new Proxy(stub, {
    get(target, name) {
      if (typeof name !== "string" || name === "id" || name === "name") {
        return Reflect.get(target, name);
      }
      return (...args: unknown[]) => {
        const proceed = async () => callMethod(target, name, args);
        return intercept(`${prefix}.${name}`, proceed, args, target);
      };
    },
  });
}

function operations(
  target: object,
  prefix: string,
  names: readonly string[],
  intercept: Intercept,
): Replacements {
  const replaced = names.map((name): [string, Method] => [
    name,
    (...args) => {
      const proceed = async () => callMethod(target, name, args);
      return intercept(`${prefix}.${name}`, proceed, args, target);
    },
  ]);
  return Object.fromEntries(replaced);
}

function callMethod(target: object, name: string, args: readonly unknown[]): unknown {
  return (target as Record<string, Method>)[name]?.(...args);
}

export function replaceMethods<Target extends object>(
  target: Target,
  methods: Replacements,
): Target {
  return new Proxy(target, {
    get(_, name) {
      if (typeof name === "string" && Object.hasOwn(methods, name)) return methods[name];
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
