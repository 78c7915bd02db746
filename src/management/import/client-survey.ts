import type { Passwords } from "../../crypto/passwords.ts";
import type { ClientRow } from "../../storage/account-rows.ts";
import type { ClientEntry } from "../entries.ts";
import { mapApplication } from "./applications.ts";
import { type DumpRecord, type Mapping, referenceTo, textOf } from "./dump-record.ts";
import { closedGateOf } from "./gates.ts";
import type { ImportTools } from "./import-tools.ts";
import { endedMsOf, type KnownClient } from "./known-accounts.ts";
import { createOriginWatch } from "./origin-watch.ts";
import type { Tally } from "./report.ts";
import { knownFields } from "./unread-fields.ts";

/** How many secrets are checked at once. */
const SECRETS_AT_ONCE = 8;

/** An application that could be taken, as far as the dump alone tells. */
interface Candidate {
  readonly record: DumpRecord;
  readonly clientId: string;
  readonly mapping: Mapping<ClientEntry>;
}

/** Decides what becomes of each application of a dump. */
export function createClientSurvey(
  { registry, clientSecrets }: ImportTools,
  tally: Tally,
  nowMs: number,
) {
  const known = new Map<string, KnownClient>();
  const candidates: Candidate[] = [];
  const fields = knownFields("clients");
  const origins = createOriginWatch();

  function refuse({ pk }: DumpRecord, name: string, reason: string): void {
    tally.note("clients", "refused", name, reason);
    const refused: KnownClient = { ...fresh(name, false), fate: "refused" };
    for (const key of [pk, referenceTo([name])]) {
      if (key !== null && !known.has(key)) known.set(key, refused);
    }
  }

  /** @returns the client to make, or null when none is */
  function decide(candidate: Candidate, row: ClientRow | undefined): ClientEntry | null {
    const { record, clientId: name, mapping } = candidate;
    const naturalKey = referenceTo([name]) ?? "";
    if (known.has(naturalKey) || (record.pk !== null && known.has(record.pk))) {
      tally.note("clients", "refused", name, "another of the dump has its id or key");
      return null;
    }
    if ("refusal" in mapping) {
      refuse(record, name, mapping.refusal);
      return null;
    }
    const gate = closedGateOf(record.fields, fields, nowMs);
    const decided = row === undefined ? fresh(name, gate !== null) : kept(row);
    known.set(naturalKey, decided);
    if (record.pk !== null) known.set(record.pk, decided);
    if (row !== undefined) {
      tally.note("clients", "unchanged", name, ...differencesOf(gate, row));
      return null;
    }
    const closed = gate === null ? [] : [`${gate} keeps it out there: comes over disabled`];
    const remarks = [...closed, ...mapping.remarks];
    tally.note("clients", remarks.length > 0 ? "changed" : "taken", name, ...remarks);
    return { ...mapping.value, disabled: gate !== null };
  }

  return {
    add(record: DumpRecord): void {
      const mapping = mapApplication(record);
      origins.note(record.fields);
      const clientId = textOf(record.fields["client_id"]) || `${record.pk}`;
      if ("refusal" in mapping) refuse(record, clientId, mapping.refusal);
      else candidates.push({ record, clientId, mapping });
    },

    async end(): Promise<{ known: ReadonlyMap<string, KnownClient>; fresh: ClientEntry[] }> {
      const rows = await registry.findClients(candidates.map(({ clientId }) => clientId));
      const taken: ClientEntry[] = [];
      const isNew = ({ clientId }: Candidate) => !rows.has(clientId);
      for await (const candidate of withoutEmptySecrets(candidates, isNew, clientSecrets)) {
        const entry = decide(candidate, rows.get(candidate.clientId));
        if (entry !== null) taken.push(entry);
      }
      for (const warning of origins.warnings()) tally.warn(warning);
      return { known, fresh: taken };
    },
  };
}

async function* withoutEmptySecrets(
  candidates: readonly Candidate[],
  isNew: (candidate: Candidate) => boolean,
  secrets: Passwords,
): AsyncGenerator<Candidate> {
  for (let start = 0; start < candidates.length; start += SECRETS_AT_ONCE) {
    const some = candidates.slice(start, start + SECRETS_AT_ONCE);
    yield* await Promise.all(
      some.map((one) => (isNew(one) ? withoutEmptySecret(one, secrets) : one)),
    );
  }
}

/** DOT hashes an empty secret too: of a new client it is found out what the record is of. */
async function withoutEmptySecret(candidate: Candidate, secrets: Passwords): Promise<Candidate> {
  const { record, mapping } = candidate;
  const secretRecord = "value" in mapping ? mapping.value.secret_record : undefined;
  if (secretRecord === undefined) return candidate;
  const { matched } = await secrets.check("", [secretRecord]);
  if (matched === null) return candidate;
  const emptied = { ...record, fields: { ...record.fields, client_secret: "" } };
  return { ...candidate, mapping: mapApplication(emptied) };
}

function differencesOf(gate: string | null, { disabled }: ClientRow): string[] {
  const isOpenHere = gate !== null && disabled === 0;
  return isOpenHere ? [`${gate} keeps it out there, and it is enabled here`] : [];
}

function fresh(clientId: string, isDisabled: boolean): KnownClient {
  return { clientId, fate: "new", isDisabled, refreshIdleSeconds: null, endedMs: 0 };
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
