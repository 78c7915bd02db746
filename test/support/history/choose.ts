import type { Random } from "../random.ts";
import type { Registered } from "./accounts.ts";
import { type PlannedFault, planDelay, planFault } from "./faults.ts";
import type { Flaw, Operation } from "./history.ts";
import type { Target } from "./operator.ts";
import type { Session } from "./session.ts";

const WEIGHTS = {
  refresh: 36,
  "ask again": 14,
  "refresh predecessor": 6,
  "refresh older": 1,
  "refresh wrongly": 8,
  inspect: 16,
  "inspect predecessor": 7,
  revoke: 1,
  "revoke by another client": 1,
  alarm: 2,
  evict: 2,
} as const;

const CODE_WEIGHTS = {
  exchange: 50,
  "ask again": 20,
  "exchange wrongly": 25,
  approve: 12,
} as const;

/** How often in a hundred a code is used whose tokens are known. */
const CODES_PERCENT = 15;

const CODE_FLAWS: readonly Flaw[] = [
  ...(["client", "secret", "key", "repeated", "query"] as const),
  ...(["verifier", "no verifier", "redirect", "resource"] as const),
];
const FLAWS: readonly Flaw[] = ["scope", "client", "secret", "key", "repeated", "query"];
const KEYS = [null, "key 1", "key 2"] as const;

/** What a holder of a session's tokens may do next. */
export function chooseOperation(random: Random, session: Session): Operation {
  const { newest, consentPage } = session;
  if (consentPage !== null && (newest < 0 || random.percent(CODES_PERCENT))) {
    return chooseOfCodes(random, session);
  }
  const older = Math.max(0, newest - random.between(2, 4));
  const predecessor = Math.max(0, newest - 1);
  const refresh = (generation: number, flaw: Flaw | null = null): Operation => {
    return { kind: "refresh", generation, key: random.pick(KEYS), flaw };
  };
  switch (random.weighted(WEIGHTS)) {
    case "refresh":
      return refresh(newest);
    case "ask again":
      return session.unanswered ?? refresh(newest);
    case "refresh predecessor":
      return refresh(predecessor);
    case "refresh older":
      return refresh(older);
    case "refresh wrongly":
      return refresh(random.pick([newest, newest, predecessor]), random.pick(FLAWS));
    case "inspect":
      return { kind: "inspect", generation: newest };
    case "inspect predecessor":
      return { kind: "inspect", generation: predecessor };
    case "revoke":
      return { kind: "revoke", isForeign: false };
    case "revoke by another client":
      return { kind: "revoke", isForeign: true };
    case "alarm":
      return { kind: "platform", event: "alarm" };
    case "evict":
      return { kind: "platform", event: "evict" };
  }
}

function chooseOfCodes(random: Random, session: Session): Operation {
  const known = [...session.codes.keys()].filter((code) => session.codes[code] !== null);
  const exchange = (flaw: Flaw | null = null): Operation => {
    return { kind: "exchange", code: random.pick(known), key: random.pick(KEYS), flaw };
  };
  switch (random.weighted(CODE_WEIGHTS)) {
    case "exchange":
      return exchange();
    case "ask again":
      return session.unanswered ?? exchange();
    case "exchange wrongly":
      return exchange(random.pick(CODE_FLAWS));
    case "approve":
      return { kind: "approve", code: session.expectCode() };
  }
}

const FAULTY_OPERATIONS: Readonly<Record<Operation["kind"], readonly [string, ...string[]]>> = {
  "log in": ["d1.batch", "family.start", "kv.put"],
  authorize: ["d1.batch"],
  approve: ["d1.batch"],
  exchange: ["d1.batch", "family.redeem", "family.redeem", "family.redeem", "kv.put"],
  refresh: ["d1.batch", "family.rotate", "family.rotate", "family.rotate", "kv.put"],
  inspect: ["d1.batch", "family.inspect"],
  revoke: ["family.revoke"],
  platform: ["none"],
  "set password": ["d1.batch"],
  "set active": ["d1.batch"],
  "set disabled": ["d1.batch"],
  "end sessions": ["d1.batch"],
};

/** What may go wrong in an operation, or null. */
export function chooseFault(random: Random, { kind }: Operation): PlannedFault | null {
  const operations = FAULTY_OPERATIONS[kind];
  if (random.percent(15)) return planFault(random, operations);
  // A login is overtaken by the operator the more often, the longer its lookup takes.
  if (random.percent(kind === "log in" || kind === "exchange" ? 40 : 8))
    return planDelay(operations[0]);
  return null;
}

/** What the operator does, and to whom. */
export interface Act {
  readonly target: Target;
  readonly operation: Operation;
}

/** What the operator does in a round: mostly nothing. What was switched off is soon on again. */
export function chooseActs(random: Random, registered: Registered): Act[] {
  const isOff =
    registered.users.some(({ isActive }) => !isActive) ||
    registered.clients.some(({ isDisabled }) => isDisabled);
  const count = random.pick(isOff ? [0, 1] : [0, 0, 0, 0, 0, 0, 1, 2]);
  return Array.from({ length: count }, () => chooseAct(random, registered));
}

function chooseAct(random: Random, { users, clients }: Registered): Act {
  const inactive = users.find(({ isActive }) => !isActive);
  const disabled = clients.find(({ isDisabled }) => isDisabled);
  if (inactive !== undefined && random.percent(80)) {
    const operation: Operation = { kind: "set active", isActive: true };
    return { target: { user: inactive, client: null }, operation };
  }
  if (disabled !== undefined && random.percent(80)) {
    const operation: Operation = { kind: "set disabled", isDisabled: false };
    return { target: { user: null, client: disabled }, operation };
  }
  if (random.percent(15)) {
    const target = { user: null, client: random.pick(clients) };
    const acts: Operation[] = [
      { kind: "set disabled", isDisabled: true },
      { kind: "end sessions", of: "client" },
    ];
    return { target, operation: random.pick(acts) };
  }
  const acts: Operation[] = [
    { kind: "set password", password: `password ${random.between(1, 1e9)}` },
    { kind: "set active", isActive: false },
    { kind: "end sessions", of: "user" },
  ];
  return { target: { user: random.pick(users), client: null }, operation: random.pick(acts) };
}

/** How far to put the clock forward between two rounds, in milliseconds. Mostly not at all. */
export function chooseGap(random: Random): number {
  const kind = random.weighted({ none: 83, pause: 8, window: 5, minutes: 2, hours: 1, days: 1 });
  switch (kind) {
    case "none":
      return 0;
    case "pause":
      return random.between(1000, 4000);
    case "window":
      return random.between(11_000, 20_000);
    case "minutes":
      return random.between(40_000, 400_000);
    case "hours":
      return random.between(3_000_000, 8_000_000);
    case "days":
      return random.between(10, 40) * 86_400_000;
  }
}
