import type { AdminDeps } from "../admin/deps.ts";
import type { ImportStore } from "../storage/import-store.ts";

/** What the functions of an import work with. */
export interface ImportDeps extends AdminDeps {
  readonly store: ImportStore;
}
