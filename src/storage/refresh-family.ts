import { DurableObject } from "cloudflare:workers";
import {
  type FamilyPolicy,
  type FamilyState,
  type LazyFamily,
  neededUntilMs,
  type RevocationReason,
  type Rotation,
  type RotationOutcome,
  revoke,
  rotate,
} from "../tokens/family.ts";
import { type Redemption, type RedemptionOutcome, redeem } from "../tokens/redemption.ts";

/** What is stored: the state, and until when it is needed. */
interface FamilyRow {
  readonly state: FamilyState;
  readonly neededUntilMs: number;
  /** Of a {@link LazyFamily}: until when the row is kept, needed or not. */
  readonly keptUntilMs?: number;
}

const ROW_KEY = "family";

/**
 * Stores one refresh family: loads its row, applies one event of `tokens/family.ts`, stores the
 * row. Each event is one synchronous block, so that no other event runs between its read and its
 * write. The platform's output gate delays the response until the write is durable.
 */
export class RefreshFamily extends DurableObject<unknown> {
  /**
   * Begins the family. A repeated call, as after a lost response, changes nothing, since each login
   * has its own family id.
   */
  async start(state: FamilyState, policy: FamilyPolicy): Promise<void> {
    if (this.#load() !== undefined) return;
    this.#store({ state, neededUntilMs: neededUntilMs(state, policy) });
    await this.#ensureAlarm();
  }

  /**
   * Begins the family with an authorization code; see `tokens/redemption.ts`.
   *
   * @param keptUntilMs when no other code of the same request can be valid
   */
  async redeem(
    redemption: Redemption,
    nowMs: number,
    policy: FamilyPolicy,
    keptUntilMs: number,
  ): Promise<RedemptionOutcome> {
    const row = this.#load();
    const before = row?.state ?? null;
    const { state, outcome } = redeem(before, redemption, nowMs, policy);
    if (state !== before) {
      const kept = row?.keptUntilMs ?? keptUntilMs;
      const neededMs = row?.neededUntilMs ?? neededUntilMs(state, policy);
      this.#store({ state, neededUntilMs: neededMs, keptUntilMs: kept });
      await this.#ensureAlarm();
    }
    return outcome;
  }

  /**
   * Consumes a generation; see `rotate` in `tokens/family.ts`.
   *
   * @param lazyFamily how the family begins, if it has not, with a token of another server
   */
  async rotate(
    rotation: Rotation,
    nowMs: number,
    policy: FamilyPolicy,
    lazyFamily?: LazyFamily,
  ): Promise<RotationOutcome> {
    const row = this.#load();
    // An expired family stays expired, even if its alarm is late: otherwise longer lifetimes in new
    // settings would revive some families and not others.
    const isOver = row !== undefined && nowMs >= row.neededUntilMs;
    const before = isOver ? null : (row?.state ?? lazyFamily?.state ?? null);
    const { state, outcome } = rotate(before, rotation, nowMs, policy);
    if (state !== null && state !== before) {
      const kept = keepUntil(row, lazyFamily);
      this.#store({ state, neededUntilMs: neededUntilMs(state, policy), ...kept });
      await this.#ensureAlarm();
    }
    if (isOver && nowMs >= removableAtMs(row)) await this.#remove();
    return outcome;
  }

  /**
   * Revokes the family permanently.
   *
   * @param clientId the family's client; otherwise nothing changes
   * @param lazyFamily how the family begins, if it has not: its token is ended unused
   * @returns the revoked family, or null if there is none of that client
   */
  async revoke(
    clientId: string,
    reason: RevocationReason,
    nowMs: number,
    lazyFamily?: LazyFamily,
  ): Promise<FamilyState | null> {
    const row = this.#load() ?? (lazyFamily && rowOfImported(lazyFamily));
    if (row === undefined || row.state.clientId !== clientId) return null;
    const state = revoke(row.state, reason, nowMs);
    if (state !== row.state) {
      this.#store({ ...row, state });
      await this.#ensureAlarm();
    }
    return state;
  }

  /** The state of the family, or null if there is none. */
  async inspect(): Promise<FamilyState | null> {
    return this.#load()?.state ?? null;
  }

  /**
   * Removes the family once it is not needed, or sets the next alarm. Expiry is checked on use, so
   * an alarm that is late, repeated or lost affects no response.
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
   * Sets an alarm if there is none. Setting one writes a row: it is set at login, afterwards by the
   * alarm itself, and by a rotation only if the platform gave up on it.
   */
  async #ensureAlarm(): Promise<void> {
    const row = this.#load();
    const alarmMs = await this.ctx.storage.getAlarm();
    if (row !== undefined && alarmMs === null) {
      await this.ctx.storage.setAlarm(removableAtMs(row));
    }
  }

  /** Removes the row; `deleteAll` also removes the alarm. */
  #remove(): Promise<void> {
    return this.ctx.storage.deleteAll();
  }
}

function removableAtMs({ neededUntilMs: neededMs, keptUntilMs = 0 }: FamilyRow): number {
  return Math.max(neededMs, keptUntilMs);
}

/** Every later row of a lazy family is kept as long as its first. */
function keepUntil(
  row: FamilyRow | undefined,
  lazyFamily: LazyFamily | undefined,
): Pick<FamilyRow, "keptUntilMs"> {
  const keptUntilMs = row === undefined ? lazyFamily?.keptUntilMs : row.keptUntilMs;
  return keptUntilMs === undefined ? {} : { keptUntilMs };
}

function rowOfImported({ state, keptUntilMs }: LazyFamily): FamilyRow {
  return { state, neededUntilMs: keptUntilMs, keptUntilMs };
}
