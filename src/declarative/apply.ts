import { allRows, nameOf, operatorsClients } from "../admin/all-rows.ts";
import { ManagementError, type Subject } from "../errors/management-error.ts";
import {
  canShareStatements,
  type Registry,
  RegistryConflict,
  type RegistryWrite,
} from "../storage/registry.ts";
import {
  type Applied,
  type ApplyDeps,
  clientSteps,
  type Decided,
  type Step,
  userSteps,
} from "./apply-steps.ts";
import type { RegistryFile } from "./registry-file.ts";

export type { Applied, ApplyDeps } from "./apply-steps.ts";

/** Options of {@link apply}. */
export interface ApplyOptions {
  /** Deletes what is not in the file, for each of the two lists that the file contains. */
  readonly prune?: boolean;
  /** Writes nothing and skips hashing, which is slow. */
  readonly dryRun?: boolean;
  /** Called when an entry is checked, and again when it is ready to write. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called after each transaction with the number of changes written so far. */
  readonly onWritten?: (changes: number) => void;
}

/** Number of entries whose secrets are hashed in parallel and then written. */
const HASHED_AT_ONCE = 50;

/**
 * Limits how long D1 works on a transaction: about 200 similar writes, which share their
 * statements, or 50 others.
 */
const TRANSACTION_COST_MAX = 200;
const SHARED_COST = 1;
const OWN_COST = 4;

/**
 * Creates or updates clients and users to match a file. Idempotent: a secret that matches its hash
 * stays unchanged. Fields that are not in the file stay unchanged, and so do clients and users,
 * except with `prune`. The whole file is checked before anything is written. Up to 50 changes are
 * written in one transaction, more in several. Applying the file again writes the rest.
 *
 * @returns the change of each entry in the order of the file, then the deletions
 * @throws ManagementError `invalid` when the file contradicts the current state; `changed` when a
 *   row was changed concurrently. That transaction is not written.
 * @throws Unavailable when D1 fails; that transaction is not written
 */
export async function apply(
  file: RegistryFile,
  deps: ApplyDeps,
  options: ApplyOptions = {},
): Promise<readonly Applied[]> {
  const { prune = false, dryRun = false, onProgress = () => undefined } = options;
  const used = dryRun ? withoutRecords(deps) : deps;
  const total = 2 * (file.clients.length + file.users.length);
  let done = 0;
  const advance = () => {
    done += 1;
    onProgress(done, total);
  };
  const decided: Decided[] = [];
  for (const decide of [clientSteps, userSteps]) {
    for await (const one of decide(file, used)) {
      decided.push(one);
      advance();
    }
  }
  const deletions = prune ? (await findUnnamed(file, deps.registry)).map(deletion) : [];
  const writer = createWriter(deps.registry, dryRun, options.onWritten);
  const applied: Applied[] = [];
  for (let start = 0; start < decided.length; start += HASHED_AT_ONCE) {
    const some = decided.slice(start, start + HASHED_AT_ONCE);
    const steps = await Promise.all(some.map((one) => finish(one, advance)));
    applied.push(...(await writer.add(steps)));
  }
  applied.push(...(await writer.add(deletions)));
  await writer.flush();
  return applied;
}

async function finish(one: Decided, advance: () => void): Promise<Step> {
  const step = await one.finish();
  advance();
  return step;
}

/**
 * Finds the clients and users that are not in a file, for each list that the file contains.
 *
 * @throws Unavailable when D1 fails
 */
export async function findUnnamed(
  file: RegistryFile,
  registry: Registry,
): Promise<readonly Subject[]> {
  const clientIds = new Set(file.clients.map((entry) => entry.client_id));
  const nameKeys = new Set(file.users.map((entry) => registry.nameKeyOf(entry.username)));
  const unnamed: Subject[] = [];
  if (file.has.clients) {
    for await (const { client_id: name } of operatorsClients(registry)) {
      if (!clientIds.has(name)) unnamed.push({ kind: "client", name });
    }
  }
  if (file.has.users) {
    for await (const { username: name } of allRows((page) => registry.listUsers(page), nameOf)) {
      if (!nameKeys.has(registry.nameKeyOf(name))) unnamed.push({ kind: "user", name });
    }
  }
  return unnamed;
}

function deletion({ kind, name }: Subject): Step {
  const write: RegistryWrite =
    kind === "client"
      ? { kind: "delete_client", clientId: name }
      : { kind: "delete_user", username: name };
  return { kind, name, change: "deleted", fields: [], write };
}

/** Writes steps in order, in as few transactions as possible. */
function createWriter(
  registry: Registry,
  isDryRun: boolean,
  onWritten: (changes: number) => void = () => undefined,
) {
  const waiting: RegistryWrite[] = [];
  let cost = 0;
  let changes = 0;

  async function write(writes: readonly RegistryWrite[]): Promise<void> {
    if (isDryRun) return;
    try {
      await registry.write(writes);
    } catch (error) {
      if (error instanceof RegistryConflict) throw new ManagementError("changed");
      throw error;
    }
    changes += writes.length;
    onWritten(changes);
  }

  return {
    async add(steps: readonly Step[]): Promise<readonly Applied[]> {
      for (const { write: added } of steps) {
        if (added === null) continue;
        if (cost + costAfter(waiting.at(-1), added) > TRANSACTION_COST_MAX) {
          await write(waiting.splice(0));
          cost = 0;
        }
        cost += costAfter(waiting.at(-1), added);
        waiting.push(added);
      }
      return steps.map(({ write: _, ...applied }) => applied);
    },
    async flush(): Promise<void> {
      await write(waiting.splice(0));
    },
  };
}

function costAfter(previous: RegistryWrite | undefined, write: RegistryWrite): number {
  const isShared = previous !== undefined && canShareStatements(previous, write);
  return isShared ? SHARED_COST : OWN_COST;
}

function withoutRecords(deps: ApplyDeps): ApplyDeps {
  const makeHash = async () => "not made";
  return {
    ...deps,
    userPasswords: { ...deps.userPasswords, makeHash },
    clientSecrets: { ...deps.clientSecrets, makeHash },
  };
}
