import { DurableObject } from "cloudflare:workers";
import {
  type FamilyPolicy,
  type FamilyState,
  neededUntilMs,
  type RevocationReason,
  type Rotation,
  type RotationOutcome,
  revoke,
  rotate,
  type UnbegunFamily,
} from "../tokens/family.ts";

/** What is stored: the state, and when nobody can need it any more. */
interface FamilyRow {
  readonly state: FamilyState;
  readonly neededUntilMs: number;
  /** Of an adopted family: until when the row must stand, needed or not. */
  readonly keptUntilMs?: number;
}

const ROW_KEY = "family";

/**
 * One refresh family at rest: loads its row, applies one event of `tokens/family.ts`, stores the
 * row. Each event is one synchronous block, so that no other can come between its read and its
 * write; the platform's output gate holds the answer until the write is durable.
 */
export class RefreshFamily extends DurableObject<unknown> {
  /**
   * Begins the family. Once only: a repeated call, as after a lost answer, changes nothing, since
   * a family's id is made for one login.
   */
  async start(state: FamilyState, policy: FamilyPolicy): Promise<void> {
    if (this.#load() !== undefined) return;
    this.#store({ state, neededUntilMs: neededUntilMs(state, policy) });
    await this.#ensureAlarm();
  }

  /**
   * Consumes a generation; see `rotate` in `tokens/family.ts`.
   *
   * @param unbegun how the family begins, if it has not, with a token of another server
   */
  async rotate(
    rotation: Rotation,
    nowMs: number,
    policy: FamilyPolicy,
    unbegun?: UnbegunFamily,
  ): Promise<RotationOutcome> {
    const row = this.#load();
    // Past its time a family is gone, even if its alarm is late: lifetimes that were raised
    // since must not bring it back for some and not for others.
    const isOver = row !== undefined && nowMs >= row.neededUntilMs;
    const before = isOver ? null : (row?.state ?? unbegun?.state ?? null);
    const { state, outcome } = rotate(before, rotation, nowMs, policy);
    if (state !== null && state !== before) {
      const kept = keepUntil(row, unbegun);
      this.#store({ state, neededUntilMs: neededUntilMs(state, policy), ...kept });
      await this.#ensureAlarm();
    }
    if (isOver && nowMs >= removableAtMs(row)) await this.#remove();
    return outcome;
  }

  /**
   * Ends the family for ever.
   *
   * @param clientId whose family it must be; another client's is left alone
   * @param unbegun how the family begins, if it has not: its token is ended unused
   * @returns the family as it ended, or null when there was nothing to end
   */
  async revoke(
    clientId: string,
    reason: RevocationReason,
    nowMs: number,
    unbegun?: UnbegunFamily,
  ): Promise<FamilyState | null> {
    const row = this.#load() ?? (unbegun && rowOfImported(unbegun));
    if (row === undefined || row.state.clientId !== clientId) return null;
    const state = revoke(row.state, reason, nowMs);
    if (state !== row.state) {
      this.#store({ ...row, state });
      await this.#ensureAlarm();
    }
    return state;
  }

  /** The family as it is, or null when there is none. */
  async inspect(): Promise<FamilyState | null> {
    return this.#load()?.state ?? null;
  }

  /**
   * Removes a family that nobody can need, and otherwise looks again when nobody will. Expiry
   * itself is decided at use: an alarm that comes late, twice or never changes no answer.
   */
  override async alarm(): Promise<void> {
    const row = this.#load();
    if (row !== undefined && Date.now() < removableAtMs(row)) {
      await this.ctx.storage.setAlarm(removableAtMs(row));
    } else {
      await this.#remove();
    }
  }

  #load(): FamilyRow | undefined {
    return this.ctx.storage.kv.get<FamilyRow>(ROW_KEY);
  }

  #store(row: FamilyRow): void {
    this.ctx.storage.kv.put(ROW_KEY, row);
  }

  /**
   * An alarm costs a row written, so that it is set at login and then by itself, and by a rotation
   * only when the platform has given up on it: no family that lives is left without one.
   */
  async #ensureAlarm(): Promise<void> {
    const row = this.#load();
    const alarmMs = await this.ctx.storage.getAlarm();
    if (row !== undefined && alarmMs === null) {
      await this.ctx.storage.setAlarm(removableAtMs(row));
    }
  }

  /** To zero rows and no alarm, which `deleteAll` takes along. */
  #remove(): Promise<void> {
    return this.ctx.storage.deleteAll();
  }
}

function removableAtMs({ neededUntilMs: neededMs, keptUntilMs = 0 }: FamilyRow): number {
  return Math.max(neededMs, keptUntilMs);
}

/** Every later row of an adopted family is kept as long as its first. */
function keepUntil(
  row: FamilyRow | undefined,
  unbegun: UnbegunFamily | undefined,
): Pick<FamilyRow, "keptUntilMs"> {
  const keptUntilMs = row === undefined ? unbegun?.keptUntilMs : row.keptUntilMs;
  return keptUntilMs === undefined ? {} : { keptUntilMs };
}

function rowOfImported({ state, keptUntilMs }: UnbegunFamily): FamilyRow {
  return { state, neededUntilMs: keptUntilMs, keptUntilMs };
}
