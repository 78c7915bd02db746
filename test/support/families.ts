import { env } from "cloudflare:workers";
import { getDeps } from "../../src/deps.ts";
import { getEarlyDeps, newRequestId } from "../../src/early-deps.ts";
import { onError } from "../../src/endpoints/on-error.ts";
import { type ActiveToken, introspect } from "../../src/issuer/introspect.ts";
import { createLookups } from "../../src/storage/lookups.ts";
import type { RefreshFamily } from "../../src/storage/refresh-family.ts";
import { classifyStatus, withRequestLog } from "../../src/telemetry/request-log.ts";
import { importedTokenHash } from "../../src/tokens/imported-token.ts";
import { unsealRefreshToken } from "../../src/tokens/refresh-token.ts";
import { answerOf, type WholeAnswer } from "./responses.ts";
import type { Service } from "./service.ts";

/** One call to the object of a family. */
export interface FamilyCall {
  readonly familyId: string;
  /** Such as `rotate`. */
  readonly method: string;
  /** Which stub carried it: 1 for the first that the namespace gave. */
  readonly stub: number;
}

/** Sees one call to a family; `proceed` makes it. */
type InterceptCall = (call: FamilyCall, proceed: () => Promise<unknown>) => Promise<unknown>;

/** Wraps the real namespace so that `intercept` sees each call and knows which family it is for. */
export function interceptFamilies(intercept: InterceptCall): Pick<Env, "REFRESH_FAMILIES"> {
  const families = env.REFRESH_FAMILIES;
  let stubs = 0;

  function get(id: DurableObjectId) {
    stubs += 1;
    const [familyId, stub] = [id.toString(), stubs];
    return new Proxy(families.get(id), {
      get(target, method: string) {
        return (...args: unknown[]) => {
          const proceed = async () => Reflect.get(target, method)(...args);
          return intercept({ familyId, method, stub }, proceed);
        };
      },
    });
  }

  const wrapped = new Proxy(families, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === "get") return get;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { REFRESH_FAMILIES: wrapped };
}

/** The object of the family that a refresh token belongs to. */
export async function familyOf(refreshToken: string): Promise<Family> {
  const { refreshTokenRing } = (await getDeps(env)).grants;
  const token = await unsealRefreshToken(refreshTokenRing, refreshToken);
  return env.REFRESH_FAMILIES.get(env.REFRESH_FAMILIES.idFromString(token?.familyId ?? ""));
}

/** The object of one family. */
export type Family = DurableObjectStub<RefreshFamily>;

/** The object of the family that an imported refresh token begins. */
export async function importedFamilyOf(refreshToken: string): Promise<Family> {
  const hash = (await importedTokenHash(refreshToken)) ?? "";
  return env.REFRESH_FAMILIES.getByName(`imported ${hash}`);
}

/** A family in a word: `nothing`, `revoked`, or its generation, as in `generation 1`. */
export async function stateOf(refreshToken: string): Promise<string> {
  return stateOfFamily(await familyOf(refreshToken));
}

/** The same for a family that is at hand. */
export async function stateOfFamily(family: Family): Promise<string> {
  const state = await family.inspect();
  if (state === null) return "nothing";
  return state.revoked === null ? `generation ${state.live.generation}` : "revoked";
}

/** What an access token grants now, or null; a failure as the response, and the log, that it becomes. */
export async function inspect(
  { env }: Service,
  accessToken: string,
): Promise<ActiveToken | WholeAnswer | null> {
  const { issuer, lookups } = await getDeps(env);
  const { observer } = getEarlyDeps(env);
  const record = observer.begin(newRequestId());
  return withRequestLog(record, async () => {
    try {
      return await introspect(accessToken, createLookups(lookups), issuer);
    } catch (error) {
      const answer = onError(error);
      observer.end(record, { event: "request", outcome: classifyStatus(answer.status) });
      return answerOf(answer);
    }
  });
}
