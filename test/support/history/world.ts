import {
  type CodeRules,
  type ModelFamily,
  type ModelMoment,
  modelExchange,
  modelIsActive,
  modelLogin,
  modelUse,
} from "../model.ts";
import type { Accounts, Answer, Entry, Operation } from "./history.ts";

/** Everything that decides a response: a family, null before its login, and its two accounts. */
export interface World extends Accounts {
  readonly family: ModelFamily | null;
  /** The codes of the family's authorization request; null: of a response that was lost. */
  readonly codes: readonly (ModelCode | null)[];
  /** Whether the browser of that request has a session. */
  readonly isSignedIn: boolean;
}

interface ModelCode {
  readonly approvedAtMs: number;
  readonly isOver: boolean;
}

/** One thing that may happen: what the caller is told, and the world after it. */
interface Event {
  readonly answer: Answer;
  readonly world: World;
}

/** Every world that an entry may lead to, if it takes effect as a whole at one moment. */
export function worldsAfter(
  world: World,
  entry: Entry,
  moment: ModelMoment,
  rules: CodeRules,
): World[] {
  if (entry.answer === "busy") return [world];
  const events = eventsOf(world, entry, moment, rules);
  if (entry.answer === "unknown") return [world, ...events.map((event) => event.world)];
  return events.filter(({ answer }) => answer === entry.answer).map((event) => event.world);
}

/** A world as text: the same for equal ones. */
export function keyOf({ family, codes, ...facts }: World): string {
  const { password, isActive, isDisabled, isSignedIn } = facts;
  const all = [family, ...codes].map((one) => one && Object.values(one));
  return JSON.stringify([password, isActive, isDisabled, isSignedIn, ...all]);
}

function eventsOf(world: World, entry: Entry, moment: ModelMoment, rules: CodeRules): Event[] {
  const { operation } = entry;
  switch (operation.kind) {
    case "log in":
      return [logIn(world, operation.password, moment)];
    case "authorize":
      if (world.password !== operation.password) return [{ answer: "refused", world }];
      return approve({ ...world, isSignedIn: true }, world, 0, moment);
    case "approve":
      return approve(world, world, operation.code, moment);
    case "exchange":
      return exchange(world, entry, operation, moment, rules);
    case "refresh":
      return refresh(world, entry, operation, moment, rules);
    case "inspect":
      return inspect(world, operation.generation, moment, rules);
    case "revoke":
      return [{ answer: "done", world: operation.isForeign ? world : familyEnded(world) }];
    case "set password":
      return [{ answer: "done", world: { ...signedOut(world), password: operation.password } }];
    case "set active": {
      const { isActive } = operation;
      return [{ answer: "done", world: { ...(isActive ? world : signedOut(world)), isActive } }];
    }
    case "set disabled": {
      const { isDisabled } = operation;
      return [{ answer: "done", world: { ...(isDisabled ? ended(world) : world), isDisabled } }];
    }
    case "end sessions": {
      const end = operation.of === "user" ? signedOut : ended;
      return [{ answer: "done", world: end(world) }];
    }
    case "platform":
      return [{ answer: "done", world }];
  }
}

function logIn(world: World, password: string, { nowMs }: ModelMoment): Event {
  if (world.isDisabled) return { answer: "unauthorized", world };
  const isRight = world.isActive && world.password === password;
  if (!isRight) return { answer: "refused", world };
  return { answer: "given", world: { ...world, family: modelLogin(nowMs) } };
}

/** @param after the world if there is a code. It is always possible that there is none */
function approve(after: World, before: World, index: number, { nowMs }: ModelMoment): Event[] {
  const { isActive, isDisabled, isSignedIn, codes } = after;
  const none: Event = { answer: "refused", world: before };
  if (!isActive || isDisabled || !isSignedIn) return [none];
  const known = Array.from({ length: Math.max(codes.length, index + 1) }, (_, at) => {
    return at === index ? { approvedAtMs: nowMs, isOver: false } : (codes[at] ?? null);
  });
  return [none, { answer: "given", world: { ...after, codes: known } }];
}

function exchange(
  world: World,
  { begunAt }: Entry,
  operation: Extract<Operation, { kind: "exchange" }>,
  moment: ModelMoment,
  rules: CodeRules,
): Event[] {
  const { family, isDisabled, isActive, codes } = world;
  const { flaw, code, key } = operation;
  if (flaw !== null) return [...ANSWERS_TO_A_FLAW].map((answer) => ({ answer, world }));
  if (isDisabled) return [{ answer: "unauthorized", world }];
  const known = codes[code] ?? null;
  if (known === null || known.isOver || !isActive) return [{ answer: "refused", world }];
  const { approvedAtMs } = known;
  const attempt = key ?? `#${begunAt}`;
  return modelExchange(family, { code, approvedAtMs, attempt }, moment, rules).map((step) => {
    const answer = step.isGiven ? "given" : "refused";
    return { answer, world: { ...world, family: step.family } };
  });
}

function refresh(
  world: World,
  { begunAt }: Entry,
  operation: Extract<Operation, { kind: "refresh" }>,
  moment: ModelMoment,
  rules: CodeRules,
): Event[] {
  const { family, isDisabled, isActive } = world;
  const { flaw, generation, key } = operation;
  if (flaw !== null) return [...ANSWERS_TO_A_FLAW].map((answer) => ({ answer, world }));
  if (isDisabled) return [{ answer: "unauthorized", world }];
  if (family === null || !isActive) return [{ answer: "refused", world }];
  // Without a key every request is an attempt of its own.
  const attempt = key ?? `#${begunAt}`;
  return modelUse(family, { generation, attempt }, moment, rules).map((step) => {
    const answer = step.isGiven ? "given" : "refused";
    return { answer, world: { ...world, family: step.family } };
  });
}

/** Which check comes first is the business of other tests. */
const ANSWERS_TO_A_FLAW: readonly Answer[] = ["rejected", "refused", "unauthorized"];

function inspect(world: World, generation: number, moment: ModelMoment, rules: CodeRules): Event[] {
  const { family, isActive, isDisabled } = world;
  if (family === null || !isActive || isDisabled) return [{ answer: "inactive", world }];
  return modelIsActive(family, generation, moment, rules).map((isGood) => {
    return { answer: isGood ? "active" : "inactive", world };
  });
}

/** Ends the family for good, if there is one: a later login begins another. */
function familyEnded(world: World): World {
  return world.family === null ? world : { ...world, family: { ...world.family, isOver: true } };
}

/** Ends the codes too. */
function ended(world: World): World {
  const codes = world.codes.map((code) => code && { ...code, isOver: true });
  return { ...familyEnded(world), codes };
}

/** Ends the session of the browser too. */
function signedOut(world: World): World {
  return { ...ended(world), isSignedIn: false };
}
