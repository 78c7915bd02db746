import { interceptBindings } from "./interception.ts";
import { basic, type Fields, post } from "./requests.ts";
import type { WholeAnswer } from "./responses.ts";
import { CLIENT, createService, LOGIN, type Overrides, type Service } from "./service.ts";

/** Where a request comes from, and as which client. */
export interface Caller {
  /** As the platform says; without it another one each time. */
  readonly address?: string;
  /** `id:secret`, or null for the public client. */
  readonly credentials?: string | null;
  /** Headers that the caller puts there itself. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A service that limits what is tried, as one isolate. */
interface LimitedService {
  readonly service: Service;
  /** Asks the token endpoint, and waits until nothing goes on: failures count after the response. */
  ask(fields: Fields, caller?: Caller): Promise<WholeAnswer>;
  /** Asks for a login of the default user, with some fields changed. */
  logIn(fields?: Fields, caller?: Caller): Promise<WholeAnswer>;
  /** Waits until nothing goes on. */
  settle(): Promise<void>;
  /** How often each operation ran since the last call. */
  takeCounts(): Record<string, number>;
}

let addresses = 0;

/** An address that was not used before. */
export function freshAddress(): string {
  addresses += 1;
  return `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** Builds a {@link LimitedService} over the real bindings. */
export function createLimitedService(settings: Overrides = {}): LimitedService {
  const busy = new Set<Promise<unknown>>();
  let counts: Record<string, number> = {};
  const bindings = interceptBindings((operation, proceed) => {
    counts[operation] = (counts[operation] ?? 0) + 1;
    const work = proceed();
    busy.add(work);
    return work.finally(() => busy.delete(work));
  });
  const service = createService({ ...bindings, RATE_LIMITS: "on", ...settings });

  async function settle(): Promise<void> {
    do {
      await Promise.allSettled(busy);
      await scheduler.wait(0);
    } while (busy.size > 0);
  }

  const ask: LimitedService["ask"] = async (fields, caller = {}) => {
    const { address = freshAddress(), credentials = CLIENT, headers = {} } = caller;
    const proof = credentials === null ? {} : basic(credentials);
    const client = credentials === null ? { client_id: "public" } : {};
    const body = new URLSearchParams({ ...client, ...fields });
    const answer = await post(service, body, { ...headers, ...proof, "CF-Connecting-IP": address });
    await settle();
    return answer;
  };

  return {
    service,
    ask,
    logIn: (fields = {}, caller) => ask({ ...LOGIN, ...fields }, caller),
    settle,
    takeCounts() {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}
