import { type DumpRecord, textOf } from "./dump-record.ts";

/** Most origins that the warning names. */
const EXAMPLES_MAX = 3;

/**
 * Looks whether pages in browsers use applications that have no `allowed_origins`: DOT before 2.4
 * has no such field, and sites used `django-cors-headers`, whose settings are in no dump.
 */
export function createOriginWatch() {
  const pages = new Set<string>();
  let hasOrigins = false;

  return {
    note(fields: DumpRecord["fields"]): void {
      hasOrigins ||= textOf(fields["allowed_origins"]).trim() !== "";
      for (const word of textOf(fields["redirect_uris"]).split(/\s+/)) {
        const url = URL.parse(word);
        if (url?.protocol === "https:" || url?.protocol === "http:") pages.add(url.origin);
      }
    },

    warnings(): string[] {
      if (hasOrigins || pages.size === 0) return [];
      const some = [...pages].slice(0, EXAMPLES_MAX).join(", ");
      const more = pages.size > EXAMPLES_MAX ? ", ..." : "";
      return [
        `no client has allowed_origins, and redirect URIs are at ${some}${more}: if pages there ` +
          "ask for tokens themselves, give their clients --allowed-origins, or browsers " +
          "refuse the answers",
      ];
    },
  };
}
