import { DurableObject } from "cloudflare:workers";
import {
  type FamilyPolicy,
  type FamilyState,
  type Generation,
  neededUntilMs,
  type RevocationReason,
  type Rotation,
  type RotationOutcome,
  revoke,
  rotate,
} from "../tokens/family.ts";

/** What is stored: the state, and when nobody can need it any more. */
interface FamilyRow {
  readonly state: FamilyState;
  readonly neededUntilMs: number;
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
    await this.#ensureAlarm(neededUntilMs(state, policy));
  }

  /** Consumes a generation; see `rotate` in `tokens/family.ts`. */
  async rotate(rotation: Rotation, nowMs: number, policy: FamilyPolicy): Promise<RotationOutcome> {
    const row = this.#load();
    // Past its time a family is gone, even if its alarm is late: lifetimes that were raised
    // since must not bring it back for some and not for others.
    const isOver = row !== undefined && nowMs >= row.neededUntilMs;
    const before = row === undefined || isOver ? null : row.state;
    const { state, outcome } = rotate(before, rotation, nowMs, policy);
    if (state !== null && state !== before) {
      this.#store({ state, neededUntilMs: neededUntilMs(state, policy) });
      await this.#ensureAlarm(neededUntilMs(state, policy));
    }
    if (isOver) await this.#remove();
    return outcome;
  }

  /**
   * Ends the family for ever.
   *
   * @param clientId whose family it must be; another client's is left alone
   * @returns the generation whose tokens this ended, or null when there was nothing to end
   */
  async revoke(
    clientId: string,
    reason: RevocationReason,
    nowMs: number,
  ): Promise<Generation | null> {
    const row = this.#load();
    if (row === undefined || row.state.clientId !== clientId) return null;
    const state = revoke(row.state, reason, nowMs);
    if (state !== row.state) this.#store({ ...row, state });
    return state.live;
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
    if (row !== undefined && Date.now() < row.neededUntilMs) {
      await this.ctx.storage.setAlarm(row.neededUntilMs);
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
  async #ensureAlarm(atMs: number): Promise<void> {
    const alarmMs = await this.ctx.storage.getAlarm();
    if (alarmMs === null) await this.ctx.storage.setAlarm(atMs);
  }

  /** To zero rows and no alarm, which `deleteAll` takes along. */
  #remove(): Promise<void> {
    return this.ctx.storage.deleteAll();
  }
}
