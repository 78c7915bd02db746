import { type Registry, RegistryConflict, type RegistryWrite } from "../storage/registry.ts";
import { allRows, idOf, nameOf } from "./all-rows.ts";
import { type Applied, type ApplyTools, clientSteps, type Step, userSteps } from "./apply-steps.ts";
import { ManagementError, type Subject } from "./management-error.ts";
import type { RegistryFile } from "./registry-file.ts";

export type { Applied, ApplyTools } from "./apply-steps.ts";

/** How {@link apply} goes about it. */
export interface ApplyOptions {
  /** Deletes what the file does not name, in each of the two lists that the file has. */
  readonly prune?: boolean;
  /** Writes nothing, and makes no records, which is what takes the time. */
  readonly dryRun?: boolean;
  /** Called after each entry of the file. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Makes or updates clients and users to match a file, all or nothing. Doing so twice changes
 * nothing the second time: a secret that matches its record is left alone. What the file does not
 * name is left alone too, unless `prune` says otherwise.
 *
 * @returns what became of each entry, in the order of the file, and then of what it does not name
 * @throws ManagementError `invalid` when the file does not fit to what is there, `changed` when
 *   somebody else changed a row meanwhile
 * @throws Unavailable when D1 fails; nothing is written then
 */
export async function apply(
  file: RegistryFile,
  tools: ApplyTools,
  options: ApplyOptions = {},
): Promise<readonly Applied[]> {
  const { prune = false, dryRun = false, onProgress = () => undefined } = options;
  const total = file.clients.length + file.users.length;
  const used = dryRun ? withoutRecords(tools) : tools;
  const steps: Step[] = [];
  for (const makeSteps of [clientSteps, userSteps]) {
    for await (const step of makeSteps(file, used)) {
      steps.push(step);
      onProgress(steps.length, total);
    }
  }
  if (prune) {
    const unnamed = await findUnnamed(file, tools.registry);
    steps.push(...unnamed.map(deletion));
  }
  if (!dryRun) await write(steps, tools.registry);
  return steps.map(({ write: _, ...applied }) => applied);
}

/**
 * Finds the clients and users that a file does not name, in each of the two lists that it has.
 *
 * @throws Unavailable when D1 fails
 */
export async function findUnnamed(
  file: RegistryFile,
  registry: Registry,
): Promise<readonly Subject[]> {
  const clientIds = new Set(file.clients.map((entry) => entry.client_id));
  const usernames = new Set(file.users.map((entry) => entry.username));
  const unnamed: Subject[] = [];
  if (file.has.clients) {
    for await (const { client_id: name } of allRows((page) => registry.listClients(page), idOf)) {
      if (!clientIds.has(name)) unnamed.push({ kind: "client", name });
    }
  }
  if (file.has.users) {
    for await (const { username: name } of allRows((page) => registry.listUsers(page), nameOf)) {
      if (!usernames.has(name)) unnamed.push({ kind: "user", name });
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

async function write(steps: readonly Step[], registry: Registry): Promise<void> {
  try {
    await registry.write(steps.flatMap((step) => step.write ?? []));
  } catch (error) {
    if (error instanceof RegistryConflict) throw new ManagementError("changed");
    throw error;
  }
}

function withoutRecords(tools: ApplyTools): ApplyTools {
  const makeRecord = async () => "not made";
  return {
    ...tools,
    userPasswords: { ...tools.userPasswords, makeRecord },
    clientSecrets: { ...tools.clientSecrets, makeRecord },
  };
}
