import type { AdminDeps } from "../admin/deps.ts";
import type { ImportStore } from "../storage/import-store.ts";

/** Dependencies of an import. */
export interface ImportDeps extends AdminDeps {
  readonly store: ImportStore;
}
