import type { ClientRow } from "../../storage/account-rows.ts";
import type { Registry } from "../../storage/registry.ts";
import type { ClientEntry } from "../entries.ts";
import { mapApplication } from "./applications.ts";
import { type DumpRecord, referenceTo } from "./dump-record.ts";
import { endedMsOf, type KnownClient } from "./known-accounts.ts";
import type { Tally } from "./report.ts";

interface Candidate {
  readonly entry: ClientEntry;
  readonly key: string | null;
  readonly remarks: readonly string[];
}

/** Decides what becomes of each application of a dump. */
export function createClientSurvey(registry: Registry, tally: Tally) {
  const known = new Map<string, KnownClient>();
  const candidates: Candidate[] = [];

  function decide({ entry, key, remarks }: Candidate, row: ClientRow | undefined): boolean {
    const name = entry.client_id;
    const naturalKey = referenceTo([name]) ?? "";
    if (known.has(naturalKey) || (key !== null && known.has(key))) {
      tally.note("clients", "refused", name, "another of the dump has its id or key");
      return false;
    }
    const decided = row === undefined ? fresh(name) : kept(row);
    known.set(naturalKey, decided);
    if (key !== null) known.set(key, decided);
    if (row !== undefined) tally.note("clients", "unchanged", name);
    else tally.note("clients", remarks.length > 0 ? "changed" : "taken", name, ...remarks);
    return row === undefined;
  }

  return {
    add(record: DumpRecord): void {
      const mapping = mapApplication(record);
      if ("value" in mapping) {
        const { value, remarks } = mapping;
        candidates.push({ entry: value, key: record.pk, remarks });
        return;
      }
      const clientId = record.fields["client_id"];
      const name = typeof clientId === "string" ? clientId : `${record.pk}`;
      tally.note("clients", "refused", name, mapping.refusal);
      const refused: KnownClient = { ...fresh(name), fate: "refused" };
      for (const key of [record.pk, referenceTo([name])]) {
        if (key !== null && !known.has(key)) known.set(key, refused);
      }
    },

    async end(): Promise<{ known: ReadonlyMap<string, KnownClient>; fresh: ClientEntry[] }> {
      const rows = await registry.findClients(candidates.map(({ entry }) => entry.client_id));
      const taken = candidates.filter((one) => decide(one, rows.get(one.entry.client_id)));
      return { known, fresh: taken.map(({ entry }) => entry) };
    },
  };
}

function fresh(clientId: string): KnownClient {
  return { clientId, fate: "new", isDisabled: false, refreshIdleSeconds: null, endedMs: 0 };
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
