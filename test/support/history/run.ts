import type { Intercept } from "../interception.ts";
import { Random } from "../random.ts";
import { Registered, type RegisteredUser } from "./accounts.ts";
import { Caller } from "./caller.ts";
import { checkHistory } from "./check.ts";
import { type Act, chooseActs, chooseGap } from "./choose.ts";
import type { ShiftedClock } from "./clock.ts";
import { Operator } from "./operator.ts";
import type { Session } from "./session.ts";
import { Stage, type StageSettings } from "./stage.ts";
import { Tally } from "./tally.ts";

/** What to do, and how much of it. */
interface HistoryOptions extends Pick<StageSettings, "retry"> {
  /** Decides every choice. How requests interleave is the runtime's, so a replay is near, not exact. */
  readonly seed: number;
  /** How many operations, give or take a round. */
  readonly operations: number;
  /** When to end, however few operations that makes, by `performance.now`. */
  readonly endsAtMs?: number;
  /** An installed clock. */
  readonly clock: ShiftedClock;
  /** So many violations are enough to look at. */
  readonly violationsMax?: number;
  /** Breaks the service on purpose, to see that it is noticed. */
  readonly sabotage?: Intercept;
  /** Called after every {@link OPERATIONS_PER_REPORT} operations or so. */
  readonly onProgress?: (tally: Tally) => void;
}

const CALLERS = 6;
const OPERATIONS_PER_REPORT = 5000;
const RETRY_WINDOW_SECONDS = 10;

/** Fewer open sessions than this make new logins likely. */
const SESSIONS_WANTED = 16;

/** How many of a hundred logins are made at the authorization endpoint. */
const LOGINS_BY_CODE_PERCENT = 50;

/** A session is checked and left alone after so many rounds. */
const ROUNDS_OF_A_SESSION = 80;

/** A session that seems to have ended is left alone somewhat later. */
const REFUSALS_OF_A_SESSION = 1;

/** After so many rounds every session is checked, so that a violation does not go unnoticed long. */
const ROUNDS_PER_CHECK = 10;

/**
 * Lets several clients, the operator and the platform do as they like to some families, through
 * the whole service over the real bindings, of which calls fail now and then. What each was
 * answered is then held against the model of a family.
 */
export async function runHistory(options: HistoryOptions): Promise<Tally> {
  const { seed, operations, clock, retry, sabotage, onProgress } = options;
  const { endsAtMs = Number.POSITIVE_INFINITY, violationsMax = 3 } = options;
  const random = new Random(seed);
  const tally = new Tally();
  const registered = new Registered();
  const stage = new Stage(registered, tally, { retry, retryWindowMs: RETRY_WINDOW_SECONDS * 1000 });
  const operator = new Operator(random.fork(), clock);
  await operator.register(registered);
  const settings = { REFRESH_RETRY: retry, REFRESH_RETRY_WINDOW_SECONDS: RETRY_WINDOW_SECONDS };
  const callers = Array.from({ length: CALLERS }, (_, number) => {
    return new Caller(`client ${number}`, random.fork(), settings, sabotage);
  });
  let reported = 0;
  const isOver = () => {
    const isDone = tally.operations >= operations || tally.violations.length >= violationsMax;
    return isDone || performance.now() >= endsAtMs;
  };
  while (!isOver()) {
    clock.pass(chooseGap(random));
    await playRound(stage, registered, operator, callers, random);
    retire(stage, tally, random);
    if (tally.operations - reported < OPERATIONS_PER_REPORT) continue;
    reported = tally.operations;
    onProgress?.(tally);
  }
  for (const session of stage.sessions) check(session, tally);
  return tally;
}

async function playRound(
  stage: Stage,
  registered: Registered,
  operator: Operator,
  callers: readonly Caller[],
  random: Random,
): Promise<void> {
  const startMs = Date.now();
  // Most callers meet at a few sessions, so that there is something to race for; and those who log
  // in meet the operator.
  const focus = Array.from({ length: random.between(1, 3) }, () => {
    return random.pickOrNone(stage.sessions);
  }).filter((session) => session !== undefined);
  const acts = chooseActs(random, registered);
  const [user = random.pick(registered.users)] = acts.flatMap(({ target }) => target.user ?? []);
  const scene = { focus, user };
  await Promise.all([
    operate(stage, operator, random.fork(), acts),
    ...callers.map((caller) => playPart(stage, caller, random.fork(), scene)),
  ]);
  await stage.closeRound(startMs);
}

/** Who is in the middle of a round. */
interface Scene {
  readonly focus: readonly Session[];
  readonly user: RegisteredUser;
}

/** One client does a few things, one after the other. */
async function playPart(
  stage: Stage,
  caller: Caller,
  random: Random,
  { focus, user }: Scene,
): Promise<void> {
  const wanted = SESSIONS_WANTED - stage.sessions.length;
  for (let left = random.between(1, 3); left > 0; left -= 1) {
    if (random.percent(30)) await scheduler.wait(random.between(0, 6));
    const session = random.pickOrNone(random.percent(45) ? focus : stage.sessions);
    const isLogin = session === undefined || random.percent(wanted * 4);
    if (isLogin && random.percent(LOGINS_BY_CODE_PERCENT)) {
      await stage.authorize(caller, random, user);
    } else if (isLogin) await stage.logIn(caller, random, user);
    else await stage.use(caller, random, session);
  }
}

async function operate(stage: Stage, operator: Operator, random: Random, acts: readonly Act[]) {
  for (const act of acts) {
    await scheduler.wait(random.between(0, 10));
    await stage.operate(operator, random, act);
  }
}

/** Checks the sessions that are due, and drops those that are no longer needed. */
function retire(stage: Stage, tally: Tally, random: Random): void {
  for (const session of [...stage.sessions]) {
    const { age, refusals } = session;
    const seemsEnded = refusals > REFUSALS_OF_A_SESSION && random.percent(70);
    const isDone = age > ROUNDS_OF_A_SESSION || seemsEnded;
    const isDue = isDone || tally.rounds % ROUNDS_PER_CHECK === 0;
    const isBad = isDue && !check(session, tally);
    if (isDone || isBad) stage.sessions.splice(stage.sessions.indexOf(session), 1);
  }
}

function check({ history }: Session, tally: Tally): boolean {
  const violation = checkHistory(history);
  if (violation !== null) tally.complain(violation);
  return violation === null;
}
