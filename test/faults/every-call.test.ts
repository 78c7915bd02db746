import { beforeAll, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { DJANGO_USER, type Mode, SCENARIOS } from "../support/fault-scenarios.ts";
import {
  captureErrors,
  createFaultyService,
  type FaultKind,
  stopTimers,
} from "../support/faulty.ts";
import { createService, registerDefaults } from "../support/service.ts";

/**
 * Every call to a binding fails in turn. The table has the client's response, the stored state, and
 * the response to a retry after the fault and after `Retry-After`.
 *
 * A call is `operation n`, the n-th of the request, or `operation *`, every one. `FaultKind`
 * defines the faults. Modes of a refresh: `reject` is the plain default, `key` adds an
 * `Idempotency-Key`, `same` is REFRESH_RETRY=same-successor. `imported` is a refresh with a token of
 * another server, whose family does not exist yet.
 *
 * Left out, because they add nothing:
 *  - A read (`d1.batch`, `family.inspect`) commits nothing, so `after`, `lost` and `late` equal
 *    `before` and `stalls`.
 *  - A write to KV follows the response and does not change it.
 *  - `family.rotate` and `failures.admit` cannot lie: a test does not invent their outcomes. A family
 *    whose storage was rolled back is in object-errors.test.ts.
 *
 * Plain `reject` after a lost rotation is the strict default: the successor exists, no client has
 * its tokens, the retry is rejected and the family ends by its idle time. A client that must
 * not lose its session then sends an `Idempotency-Key`.
 */
const TABLE = `
request             mode       call               fault   first     at rest       retry
login               -          d1.batch 1         before  503       -             200
login               -          d1.batch 1         stalls  503       -             200
login               -          family.start 1     before  503       -             200
login               -          family.start 1     after   503       -             200
login               -          family.start 1     lies    200       nothing       200
login               -          family.start 1     stalls  503       -             200
login               -          family.start 1     lost    503       -             200
login               -          family.start 1     late    503       -             200
login               -          kv.put *           before  200       active        200
login               -          kv.put *           lies    200       active        200
login               -          kv.put 1           stalls  200       active        200
login               -          kv.put 1           late    200       active        200
login               -          failures.admit 1   before  503       -             200
login               -          failures.admit 1   stalls  503       -             200
login               -          failures.admit 1   lost    503       -             200
login               -          failures.admit 1   late    503       -             200
login               -          failures.admit 2   before  503       -             200
login               -          failures.admit 2   stalls  503       -             200
login               -          failures.admit 2   lost    503       -             200
login               -          failures.admit 2   late    503       -             200
login               -          failures.settle *  before  200       active        200
login               -          failures.settle *  after   200       active        200

client_credentials  -          d1.batch 1         before  503       -             200
client_credentials  -          d1.batch 1         stalls  503       -             200
client_credentials  -          kv.put *           before  200       active        200
client_credentials  -          kv.put *           lies    200       active        200
client_credentials  -          kv.put 1           stalls  200       active        200
client_credentials  -          kv.put 1           late    200       active        200

refresh             all        d1.batch 1         before  503       generation 0  200
refresh             all        d1.batch 1         stalls  503       generation 0  200
refresh             all        family.rotate 1    before  503       generation 0  200
refresh             reject     family.rotate 1    after   503       generation 1  400
refresh             key, same  family.rotate 1    after   503       generation 1  200
refresh             all        family.rotate 1    stalls  503       generation 0  200
refresh             reject     family.rotate 1    lost    503       generation 1  400
refresh             key, same  family.rotate 1    lost    503       generation 1  200
refresh             all        family.rotate 1    late    503       generation 0  200
refresh             reject     kv.put *           before  200       generation 1  400
refresh             key, same  kv.put *           before  200       generation 1  200
refresh             reject     kv.put *           lies    200       generation 1  400
refresh             key, same  kv.put *           lies    200       generation 1  200
refresh             reject     kv.put 1           stalls  200       generation 1  400
refresh             key, same  kv.put 1           stalls  200       generation 1  200
refresh             reject     kv.put 1           late    200       generation 1  400
refresh             key, same  kv.put 1           late    200       generation 1  200

imported            all        d1.batch 1         before  503       nothing       200
imported            all        d1.batch 1         stalls  503       nothing       200
imported            all        family.rotate 1    before  503       nothing       200
imported            reject     family.rotate 1    after   503       generation 1  400
imported            key, same  family.rotate 1    after   503       generation 1  200
imported            all        family.rotate 1    stalls  503       nothing       200
imported            reject     family.rotate 1    lost    503       generation 1  400
imported            key, same  family.rotate 1    lost    503       generation 1  200
imported            all        family.rotate 1    late    503       nothing       200
imported            reject     kv.put *           before  200       generation 1  400
imported            key, same  kv.put *           before  200       generation 1  200
imported            reject     kv.put *           lies    200       generation 1  400
imported            key, same  kv.put *           lies    200       generation 1  200
imported            reject     kv.put 1           stalls  200       generation 1  400
imported            key, same  kv.put 1           stalls  200       generation 1  200
imported            reject     kv.put 1           late    200       generation 1  400
imported            key, same  kv.put 1           late    200       generation 1  200

refresh again       key, same  d1.batch 1         before  503       generation 1  200
refresh again       key, same  d1.batch 1         stalls  503       generation 1  200
refresh again       key, same  family.rotate 1    before  503       generation 1  200
refresh again       key, same  family.rotate 1    after   503       generation 1  200
refresh again       key, same  family.rotate 1    stalls  503       generation 1  200
refresh again       key, same  family.rotate 1    late    503       generation 1  200
refresh again       key, same  kv.put *           before  200       generation 1  200
refresh again       key, same  kv.put 1           stalls  200       generation 1  200
refresh again       key, same  kv.put 1           late    200       generation 1  200

reuse               -          d1.batch 1         before  503       generation 1  400
reuse               -          d1.batch 1         stalls  503       generation 1  400
reuse               -          family.rotate 1    before  503       generation 1  400
reuse               -          family.rotate 1    after   503       revoked       400
reuse               -          family.rotate 1    stalls  503       generation 1  400
reuse               -          family.rotate 1    lost    503       revoked       400
reuse               -          family.rotate 1    late    503       generation 1  400
reuse               -          kv.delete 1        before  400       revoked       400
reuse               -          kv.delete 1        after   400       revoked       400
reuse               -          kv.delete 1        lies    400       revoked       400
reuse               -          kv.delete 1        stalls  400       revoked       400
reuse               -          kv.delete 1        lost    400       revoked       400
reuse               -          kv.delete 1        late    400       revoked       400

inspect             -          family.inspect 1   before  503       -             active
inspect             -          family.inspect 1   stalls  503       -             active
inspect             -          d1.batch 1         before  503       -             active
inspect             -          d1.batch 1         stalls  503       -             active
inspect single      -          d1.batch 1         before  503       -             active
inspect single      -          d1.batch 1         stalls  503       -             active

rehash              -          d1.run 1           before  200       django        200
rehash              -          d1.run 1           after   200       ours          200
rehash              -          d1.run 1           lies    200       django        200
rehash              -          d1.run 1           stalls  200       django        200
rehash              -          d1.run 1           lost    200       ours          200
rehash              -          d1.run 1           late    200       django        200
`;

interface Point {
  readonly request: string;
  readonly mode: Mode;
  readonly operation: string;
  readonly call: number | "every";
  readonly fault: FaultKind;
  readonly first: string;
  readonly atRest: string;
  readonly retry: string;
}

const POINTS = TABLE.trim().split("\n").slice(1).filter(Boolean).flatMap(pointsOf);

function pointsOf(row: string): Point[] {
  const words = row.split(/ {2,}/);
  const [request = "", modes = "", place = "", fault, first = "", atRest = "", retry = ""] = words;
  const [operation = "", number] = place.split(" ");
  const call = number === "*" ? "every" : Number(number);
  const names = { all: "reject, key, same", "-": "reject" }[modes] ?? modes;
  return names.split(", ").map((name) => {
    const kinds = { mode: name as Mode, fault: fault as FaultKind };
    return { request, operation, call, ...kinds, first, atRest, retry };
  });
}

/** `Retry-After` of a 503. */
const RETRY_AFTER_MS = 1000;

const logged = captureErrors();

beforeAll(async () => {
  const service = createService();
  await registerDefaults(service);
  await service.register({ users: [{ username: DJANGO_USER, password: "correct horse" }] });
});
stopTimers();

test.each(POINTS)(
  "$request ($mode): $operation $call $fault: $first, and its retry $retry",
  async ({ request, mode, operation, call, fault, first, atRest, retry }) => {
    const REFRESH_RETRY = mode === "same" ? "same-successor" : "reject";
    const settings = { REFRESH_RETRY, IMPORTED_TOKENS: "on", RATE_LIMITS: "on" };
    const faulty = createFaultyService(settings);
    const scenario = await SCENARIOS[request]?.(faulty, mode);
    if (scenario === undefined) throw new Error(`there is no request ${request}`);

    faulty.arm({ operation, call, kind: fault });
    const firstAnswer = await scenario.send();
    expect(firstAnswer).toEqual(scenario.answers[first]);
    await eventually(() => faulty.struck > 0);
    expect(await scenario.atRest(firstAnswer)).toBe(atRest);

    faulty.arm();
    vi.advanceTimersByTime(RETRY_AFTER_MS);
    const retryAnswer = await scenario.send();
    expect(retryAnswer).toEqual(scenario.answers[retry]);

    await faulty.catchUp();
    await scenario.check([firstAnswer, retryAnswer]);
    const log = logged.join();
    if (first === "503") expect(log).toContain(" failed");
    expect(log).not.toMatch(/tg[ar]_/);
  },
);
