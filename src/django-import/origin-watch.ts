import { type DumpRecord, textOf } from "./dump-record.ts";

/** Maximum number of origins that the warning names. */
const EXAMPLES_MAX = 3;

/**
 * Detects applications without `allowed_origins` that browsers may use. DOT before 2.4 has no such
 * field; sites used `django-cors-headers`, whose settings are not in a dump.
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
        `no client has allowed_origins, but redirect URIs are at ${some}${more}: if pages there ` +
          "request tokens in the browser, set --allowed-origins of their clients, or browsers " +
          "block the responses",
      ];
    },
  };
}
