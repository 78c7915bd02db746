import type { ClientEntry } from "../admin/entries.ts";
import type { ClientRow } from "../clients/client.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { DeletedAccount } from "../storage/deleted-accounts.ts";
import { mapApplication } from "./applications.ts";
import { openIdNotes, type PkcePolicy } from "./code-fields.ts";
import { type DumpRecord, type Mapping, referenceTo, textOf } from "./dump-record.ts";
import { closedGateOf } from "./gates.ts";
import type { ImportDeps } from "./import-deps.ts";
import {
  deletedEndMs,
  endedMsOf,
  type KnownClient,
  type KnownUser,
  WAS_DELETED,
} from "./known-accounts.ts";
import { createOriginWatch } from "./origin-watch.ts";
import type { Tally } from "./report.ts";
import { knownFields } from "./unread-fields.ts";

/** Number of secrets that are checked in parallel. */
const SECRETS_AT_ONCE = 8;

/** An application that is valid on its own, before it is compared with existing data. */
interface Candidate {
  readonly record: DumpRecord;
  readonly clientId: string;
  readonly mapping: Mapping<ClientEntry>;
}

/** Options of {@link createClientSurvey}. */
interface ClientOptions {
  /** When applications must be active. Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly restoresDeleted: boolean;
  readonly pkce: PkcePolicy;
}

/** Existing data with the id of a client. */
interface Found {
  readonly row: ClientRow | undefined;
  readonly deleted: DeletedAccount | undefined;
  /** Whether a user has the id, in the database or in the dump. */
  readonly isUser: boolean;
}

/** Decides which applications of a dump to import. */
export function createClientSurvey(
  deps: ImportDeps,
  tally: Tally,
  { nowMs, restoresDeleted, pkce }: ClientOptions,
) {
  const known = new Map<string, KnownClient>();
  const candidates: Candidate[] = [];
  const fields = knownFields("clients");
  const origins = createOriginWatch();

  const refuse = createRefusal(known, tally);

  /** @returns the client to create, or null */
  function decide(candidate: Candidate, { row, deleted, isUser }: Found): ClientEntry | null {
    const { record, clientId: name, mapping } = candidate;
    const naturalKey = referenceTo([name]) ?? "";
    if (known.has(naturalKey) || (record.pk !== null && known.has(record.pk))) {
      tally.note("clients", "refused", name, "duplicate id or primary key in the dump");
      return null;
    }
    if ("refusal" in mapping) {
      refuse(record, name, mapping.refusal);
      return null;
    }
    if (row === undefined && (isUser || (deleted !== undefined && !restoresDeleted))) {
      refuse(record, name, isUser ? "its id belongs to a user" : WAS_DELETED);
      return null;
    }
    const gate = closedGateOf(record.fields, fields, nowMs);
    const decided = row === undefined ? fresh(name, gate !== null, deleted) : kept(row);
    known.set(naturalKey, decided);
    if (record.pk !== null) known.set(record.pk, decided);
    if (row !== undefined) {
      tally.note("clients", "unchanged", name, ...differencesOf(gate, row));
      return null;
    }
    const closed = gate === null ? [] : [`blocked by its field ${gate}: imported as disabled`];
    const remarks = [...closed, ...mapping.remarks];
    tally.note("clients", remarks.length > 0 ? "changed" : "taken", name, ...remarks);
    return { ...mapping.value, disabled: gate !== null };
  }

  return {
    add(record: DumpRecord): void {
      const mapping = mapApplication(record, pkce);
      origins.note(record.fields);
      const clientId = textOf(record.fields["client_id"]) || `${record.pk}`;
      if ("refusal" in mapping) refuse(record, clientId, mapping.refusal);
      else candidates.push({ record, clientId, mapping });
    },

    /** @param users the users of the dump */
    async end(
      users: ReadonlyMap<string, KnownUser>,
    ): Promise<{ known: ReadonlyMap<string, KnownClient>; fresh: ClientEntry[] }> {
      const ids = candidates.map(({ clientId }) => clientId);
      const foundOf = await findExisting(ids, users, deps);
      const taken: ClientEntry[] = [];
      const isNew = ({ clientId }: Candidate) => foundOf(clientId).row === undefined;
      for await (const candidate of withoutEmptySecrets(candidates, isNew, deps, pkce)) {
        const entry = decide(candidate, foundOf(candidate.clientId));
        if (entry !== null) taken.push(entry);
      }
      for (const warning of origins.warnings()) tally.warn(warning);
      for (const note of openIdNotes(candidates)) tally.tell(note);
      return { known, fresh: taken };
    },
  };
}

/** Rejects an application and everything that refers to it. */
function createRefusal(known: Map<string, KnownClient>, tally: Tally) {
  return ({ pk }: DumpRecord, name: string, reason: string): void => {
    tally.note("clients", "refused", name, reason);
    const refused: KnownClient = { ...fresh(name, false), fate: "refused" };
    for (const key of [pk, referenceTo([name])]) {
      if (key !== null && !known.has(key)) known.set(key, refused);
    }
  };
}

/** Looks up existing data with the ids of clients. @param users the users of the dump */
async function findExisting(
  ids: readonly string[],
  users: ReadonlyMap<string, KnownUser>,
  { registry, store }: ImportDeps,
): Promise<(id: string) => Found> {
  const rows = await registry.findClients(ids);
  const deleted = new Map((await store.findDeletedClients(ids)).map((one) => [one.id, one]));
  const userIds = new Set((await store.findUsers(ids, [])).map(({ id }) => id));
  for (const { id, fate } of users.values()) if (fate !== "refused") userIds.add(id);
  return (id) => ({ row: rows.get(id), deleted: deleted.get(id), isUser: userIds.has(id) });
}

async function* withoutEmptySecrets(
  candidates: readonly Candidate[],
  isNew: (candidate: Candidate) => boolean,
  { clientSecrets }: ImportDeps,
  pkce: PkcePolicy,
): AsyncGenerator<Candidate> {
  for (let start = 0; start < candidates.length; start += SECRETS_AT_ONCE) {
    const some = candidates.slice(start, start + SECRETS_AT_ONCE);
    yield* await Promise.all(
      some.map((one) => (isNew(one) ? withoutEmptySecret(one, clientSecrets, pkce) : one)),
    );
  }
}

/** DOT also hashes an empty secret, so check whether the hash of a new client is of one. */
async function withoutEmptySecret(
  candidate: Candidate,
  secrets: Passwords,
  pkce: PkcePolicy,
): Promise<Candidate> {
  const { record, mapping } = candidate;
  const secretHash = "value" in mapping ? mapping.value.secret_record : undefined;
  if (secretHash === undefined) return candidate;
  const { matched } = await secrets.check("", [secretHash]);
  if (matched === null) return candidate;
  const emptied = { ...record, fields: { ...record.fields, client_secret: "" } };
  return { ...candidate, mapping: mapApplication(emptied, pkce) };
}

function differencesOf(gate: string | null, { disabled }: ClientRow): string[] {
  const isOpenHere = gate !== null && disabled === 0;
  return isOpenHere ? [`blocked by its field ${gate} on the old server, but enabled here`] : [];
}

function fresh(clientId: string, isDisabled: boolean, deleted?: DeletedAccount): KnownClient {
  const endedMs = deletedEndMs(deleted);
  return { clientId, fate: "new", isDisabled, refreshIdleSeconds: null, endedMs };
}

function kept(row: ClientRow): KnownClient {
  return {
    clientId: row.client_id,
    fate: "kept",
    isDisabled: row.disabled === 1,
    refreshIdleSeconds: row.refresh_idle_ttl_seconds,
    endedMs: endedMsOf(row),
  };
}
