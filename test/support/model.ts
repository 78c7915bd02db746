/**
 * A refresh family as DESIGN.md §4 promises it, said a second time and as simply as possible: no
 * tokens, no keys, no storage. What the service does is held against this.
 *
 * Where the caller knows an instant only within `slackMs`, a limit that lies so near may count as
 * reached or not, and a step has more than one possible result.
 */

/** All that a family's future depends on. */
export interface ModelFamily {
  /** The generation whose refresh token is the current one. */
  readonly generation: number;
  /** Which attempt made it; empty at a login by password. */
  readonly attempt: string;
  /** The authorization code that began it, or null. */
  readonly code: number | null;
  readonly createdAtMs: number;
  /** When {@link generation} came to be. */
  readonly rotatedAtMs: number;
  /** Revoked, for whatever reason. */
  readonly isOver: boolean;
}

/** The settings that a family lives by. In milliseconds. */
export interface ModelRules {
  readonly accessTokenMs: number;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly retry: "reject" | "same-successor";
  readonly retryWindowMs: number;
}

/** When something happens, as well as the caller knows it. */
export interface ModelMoment {
  readonly nowMs: number;
  readonly slackMs: number;
}

/** A caller presents the refresh token of a generation. */
interface ModelUse {
  readonly generation: number;
  readonly attempt: string;
}

/** One possible result of a use: whether it gets the successor, and the family after it. */
interface ModelStep {
  readonly family: ModelFamily;
  readonly isGiven: boolean;
}

/** A family as a login begins it. */
export function modelLogin(nowMs: number): ModelFamily {
  const instants = { createdAtMs: nowMs, rotatedAtMs: nowMs };
  return { generation: 0, attempt: "", code: null, ...instants, isOver: false };
}

/** The settings of a family that begins with an authorization code. */
export interface CodeRules extends ModelRules {
  readonly codeMs: number;
}

/** A client presents one of the codes of an authorization request. */
interface ModelExchange {
  readonly code: number;
  readonly approvedAtMs: number;
  readonly attempt: string;
}

/** One possible result of an exchange. */
interface CodeStep {
  readonly family: ModelFamily | null;
  readonly isGiven: boolean;
}

/**
 * Every possible result of exchanging a code: of one request at most one begins a family.
 *
 * @param family of the request, or null if it has not begun
 */
export function modelExchange(
  family: ModelFamily | null,
  { code, approvedAtMs, attempt }: ModelExchange,
  moment: ModelMoment,
  rules: CodeRules,
): CodeStep[] {
  const ageMs = moment.nowMs - approvedAtMs;
  return reaches(ageMs, rules.codeMs, moment).flatMap((isExpired): CodeStep[] => {
    if (isExpired) return [{ family, isGiven: false }];
    if (family === null) {
      return [{ family: { ...modelLogin(moment.nowMs), attempt, code }, isGiven: true }];
    }
    if (family.isOver || family.code !== code) return [{ family, isGiven: false }];
    const isRepeated = family.generation === 0 && family.attempt === attempt;
    const sinceMs = Math.max(moment.nowMs, family.createdAtMs) - family.createdAtMs;
    return reaches(sinceMs, rules.retryWindowMs + 1, moment).map((isLate) => {
      const ended = { family: { ...family, isOver: true }, isGiven: false };
      return isLate ? ended : { family, isGiven: isRepeated };
    });
  });
}

/** Every possible result of presenting a refresh token. */
export function modelUse(
  family: ModelFamily,
  use: ModelUse,
  moment: ModelMoment,
  rules: ModelRules,
): ModelStep[] {
  if (family.isOver) return [{ family, isGiven: false }];
  return hasExpired(family, moment, rules).flatMap((isExpired) => {
    return isExpired ? [{ family, isGiven: false }] : useOfLiving(family, use, moment, rules);
  });
}

/** Whether the access token of a generation is active: every possible answer. */
export function modelIsActive(
  family: ModelFamily,
  generation: number,
  moment: ModelMoment,
  rules: ModelRules,
): boolean[] {
  if (family.isOver || generation !== family.generation) return [false];
  const ageMs = moment.nowMs - family.rotatedAtMs;
  return reaches(ageMs, rules.accessTokenMs, moment).map((isExpired) => !isExpired);
}

function useOfLiving(
  family: ModelFamily,
  { generation, attempt }: ModelUse,
  moment: ModelMoment,
  rules: ModelRules,
): ModelStep[] {
  if (generation === family.generation) {
    const rotatedAtMs = laterOf(moment, family);
    const next = { ...family, generation: generation + 1, attempt, rotatedAtMs };
    return [{ family: next, isGiven: true }];
  }
  const ended = { family: { ...family, isOver: true }, isGiven: false };
  if (generation !== family.generation - 1) return [ended];
  const isAskedAgain = rules.retry === "same-successor" || attempt === family.attempt;
  const sinceMs = laterOf(moment, family) - family.rotatedAtMs;
  return reaches(sinceMs, rules.retryWindowMs + 1, moment).map((isLate) => {
    return isLate ? ended : { family, isGiven: isAskedAgain };
  });
}

function hasExpired(family: ModelFamily, moment: ModelMoment, rules: ModelRules): boolean[] {
  const nowMs = laterOf(moment, family);
  const idle = reaches(nowMs - family.rotatedAtMs, rules.idleMs, moment);
  const absolute = reaches(nowMs - family.createdAtMs, rules.absoluteMs, moment);
  const both = idle.flatMap((isIdle) => absolute.map((isOld) => isIdle || isOld));
  return [...new Set(both)];
}

/** Clocks differ: what seems to come before the last rotation came together with it. */
function laterOf({ nowMs }: ModelMoment, { rotatedAtMs }: ModelFamily): number {
  return Math.max(nowMs, rotatedAtMs);
}

/** Whether a duration has come to a limit: both responses where the slack leaves both possible. */
function reaches(durationMs: number, limitMs: number, { slackMs }: ModelMoment): boolean[] {
  if (durationMs - slackMs >= limitMs) return [true];
  return durationMs + slackMs < limitMs ? [false] : [false, true];
}
