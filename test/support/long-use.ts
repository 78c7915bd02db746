import { expect } from "vitest";
import { type AlarmRegime, loseAlarms, passUntil } from "./alarms.ts";
import { isActive } from "./inspection.ts";
import { type ModelFamily, type ModelRules, modelIsActive, modelLogin, modelUse } from "./model.ts";
import { granted, logIn, refresh } from "./requests.ts";
import type { Service, TokenAnswer } from "./service.ts";

/** A user of the service over a long time. */
export interface LongUse {
  /** Of a public client: a secret would cost PBKDF2 at each use, since so much time lies between. */
  readonly clientId: string;
  readonly rules: ModelRules;
  /** Between one use and the next. */
  readonly gapsSeconds: readonly number[];
}

/** What a user saw. */
interface Experience {
  /** How each use went, in order. */
  readonly uses: readonly ("refreshed" | "logged in again")[];
  /** The last token of each family. */
  readonly lastTokens: readonly string[];
}

/**
 * Logs a user in, and then refreshes after each gap, or log in again where the family has
 * ended. Every response is held against the model, to the millisecond.
 */
export async function simulate(
  service: Service,
  { clientId, rules, gapsSeconds }: LongUse,
  regime: AlarmRegime,
): Promise<Experience> {
  const uses: Experience["uses"][number][] = [];
  const lastTokens: string[] = [];
  let { tokens, model } = await begin(service, clientId, regime);

  async function use(): Promise<void> {
    const moment = { nowMs: Date.now(), slackMs: 0 };
    const before = await isActive(service, tokens.access_token);
    expect([before]).toEqual(modelIsActive(model, model.generation, moment, rules));
    const answer = await refresh(service, tokens.refresh_token, { client_id: clientId }, null);
    const attempt = String(uses.length);
    const steps = modelUse(model, { generation: model.generation, attempt }, moment, rules);
    expect([answer.status === 200]).toEqual(steps.map(({ isGiven }) => isGiven));
    if (answer.status === 200) {
      uses.push("refreshed");
      expect(await isActive(service, tokens.access_token)).toBe(false);
      tokens = granted(answer);
      model = steps[0]?.family ?? model;
    } else {
      uses.push("logged in again");
      lastTokens.push(tokens.refresh_token);
      ({ tokens, model } = await begin(service, clientId, regime));
    }
    expect(await isActive(service, tokens.access_token)).toBe(true);
  }

  for (const seconds of gapsSeconds) {
    await passUntil(Date.now() + seconds * 1000, regime);
    await use();
  }
  return { uses, lastTokens: [...lastTokens, tokens.refresh_token] };
}

async function begin(
  service: Service,
  clientId: string,
  regime: AlarmRegime,
): Promise<{ tokens: TokenAnswer; model: ModelFamily }> {
  const tokens = await logIn(service, { client_id: clientId }, null);
  if (regime === "lost") await loseAlarms();
  return { tokens, model: modelLogin(Date.now()) };
}
