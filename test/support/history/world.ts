import {
  type ModelFamily,
  type ModelMoment,
  type ModelRules,
  modelIsActive,
  modelLogin,
  modelUse,
} from "../model.ts";
import type { Accounts, Answer, Entry, Operation } from "./history.ts";

/** Everything that decides a response: a family, null before its login, and its two accounts. */
export interface World extends Accounts {
  readonly family: ModelFamily | null;
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
  rules: ModelRules,
): World[] {
  if (entry.answer === "busy") return [world];
  const events = eventsOf(world, entry, moment, rules);
  if (entry.answer === "unknown") return [world, ...events.map((event) => event.world)];
  return events.filter(({ answer }) => answer === entry.answer).map((event) => event.world);
}

/** A world as text: the same for equal ones. */
export function keyOf({ family, password, isActive, isDisabled }: World): string {
  return JSON.stringify([password, isActive, isDisabled, family && Object.values(family)]);
}

function eventsOf(world: World, entry: Entry, moment: ModelMoment, rules: ModelRules): Event[] {
  const { operation } = entry;
  switch (operation.kind) {
    case "log in":
      return [logIn(world, operation.password, moment)];
    case "refresh":
      return refresh(world, entry, operation, moment, rules);
    case "inspect":
      return inspect(world, operation.generation, moment, rules);
    case "revoke":
      return [{ answer: "done", world: operation.isForeign ? world : ended(world) }];
    case "set password":
      return [{ answer: "done", world: { ...ended(world), password: operation.password } }];
    case "set active": {
      const { isActive } = operation;
      return [{ answer: "done", world: { ...(isActive ? world : ended(world)), isActive } }];
    }
    case "set disabled": {
      const { isDisabled } = operation;
      return [{ answer: "done", world: { ...(isDisabled ? ended(world) : world), isDisabled } }];
    }
    case "end sessions":
      return [{ answer: "done", world: ended(world) }];
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

function refresh(
  world: World,
  { begunAt }: Entry,
  operation: Extract<Operation, { kind: "refresh" }>,
  moment: ModelMoment,
  rules: ModelRules,
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

function inspect(
  world: World,
  generation: number,
  moment: ModelMoment,
  rules: ModelRules,
): Event[] {
  const { family, isActive, isDisabled } = world;
  if (family === null || !isActive || isDisabled) return [{ answer: "inactive", world }];
  return modelIsActive(family, generation, moment, rules).map((isGood) => {
    return { answer: isGood ? "active" : "inactive", world };
  });
}

/** Ends the family for good, if there is one: a later login begins another. */
function ended(world: World): World {
  return world.family === null ? world : { ...world, family: { ...world.family, isOver: true } };
}
