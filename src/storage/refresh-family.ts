import { DurableObject } from "cloudflare:workers";
import {
  expiresAtMs,
  type FamilyPolicy,
  type FamilyState,
  type Rotation,
  type RotationOutcome,
  rotate,
} from "../tokens/family.ts";

/** What is stored: the state, and when nobody can need it any more. */
interface FamilyRow {
  readonly state: FamilyState;
  readonly expiresAtMs: number;
}

const ROW_KEY = "family";

/**
 * One refresh family at rest: loads its row, applies one event of `tokens/family.ts`, stores the
 * row. Each method is one synchronous block, so that no other event can come between its read and
 * its write; the platform's output gate holds the answer until the write is durable.
 */
export class RefreshFamily extends DurableObject<unknown> {
  /**
   * Begins the family at generation 0. Once only: a repeated call, as after a lost answer, changes
   * nothing, since a family's id is made for one login.
   */
  async start(state: FamilyState, policy: FamilyPolicy): Promise<void> {
    if (this.#load() !== undefined) return;
    const row = this.#store(state, policy);
    // An alarm costs a row written, so it is set here and by itself, not by each rotation.
    await this.ctx.storage.setAlarm(row.expiresAtMs);
  }

  /** Consumes a generation; see `rotate` in `tokens/family.ts`. */
  rotate(rotation: Rotation, nowMs: number, policy: FamilyPolicy): RotationOutcome {
    const before = this.#load()?.state ?? null;
    const { state, outcome } = rotate(before, rotation, nowMs, policy);
    if (state !== null && state !== before) this.#store(state, policy);
    return outcome;
  }

  /**
   * Removes a family that has expired, and otherwise looks again when it will have. Expiry itself
   * is decided at use: an alarm that comes late, twice or never changes no answer.
   */
  override async alarm(): Promise<void> {
    const row = this.#load();
    if (row !== undefined && Date.now() < row.expiresAtMs) {
      await this.ctx.storage.setAlarm(row.expiresAtMs);
    } else {
      await this.ctx.storage.deleteAll();
    }
  }

  #load(): FamilyRow | undefined {
    return this.ctx.storage.kv.get<FamilyRow>(ROW_KEY);
  }

  #store(state: FamilyState, policy: FamilyPolicy): FamilyRow {
    const row = { state, expiresAtMs: expiresAtMs(state, policy) };
    this.ctx.storage.kv.put(ROW_KEY, row);
    return row;
  }
}
