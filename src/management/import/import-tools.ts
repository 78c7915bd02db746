import type { ImportStore } from "../../storage/import-store.ts";
import type { ManagementTools } from "../tools.ts";

/** What the functions of an import work with. */
export interface ImportTools extends ManagementTools {
  readonly store: ImportStore;
}
