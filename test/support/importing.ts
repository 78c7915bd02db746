import { env } from "cloudflare:workers";
import type { DjangoModels } from "../../src/django-import/dump-record.ts";
import { type ImportOptions, importDump } from "../../src/django-import/import-dump.ts";
import type { ImportReport } from "../../src/django-import/report.ts";
import { createImportStore } from "../../src/storage/import-store.ts";
import type { DumpRow } from "./django-dump.ts";
import { managementTools } from "./management.ts";

const MODELS: DjangoModels = {
  user: "auth.user",
  usernameField: "username",
  userGates: [],
  application: "oauth2_provider.application",
  accessToken: "oauth2_provider.accesstoken",
  refreshToken: "oauth2_provider.refreshtoken",
};

/** Imports rows into workerd's own D1, as the command does with a dump of them. */
export async function importRows(
  rows: readonly DumpRow[],
  options: Partial<Omit<ImportOptions, "models">> & { models?: Partial<DjangoModels> } = {},
): Promise<ImportReport> {
  const read = async function* () {
    for (const { pk, fields, ...row } of rows) {
      // As the reader of a dump has them: numbers are text.
      const text = JSON.stringify({ ...row, pk, fields });
      yield JSON.parse(text, (_, value) => (typeof value === "number" ? `${value}` : value));
    }
  };
  const tools = { ...(await managementTools()), store: createImportStore(env.DB, false) };
  return importDump(read, tools, {
    ...{ withTokens: true, acceptsTokens: true, scopes: ["read", "write"], introspectors: [] },
    restoresDeleted: false,
    ...{ pkce: null, emailVerified: false },
    ...{ accessTokenSeconds: 3600, refreshIdleSeconds: 2_592_000, nowMs: Date.now() },
    ...options,
    models: { ...MODELS, ...options.models },
  });
}

/** What a report says of one kind of record: `outcome reason: names`. */
export function reasonsOf({ reasons }: ImportReport, kind: string): string[] {
  return reasons
    .filter((reason) => reason.kind === kind)
    .map(({ outcome, reason, examples }) => `${outcome} ${reason}: ${examples.join(" ")}`);
}
