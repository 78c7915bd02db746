import { choice, ISSUER, PATH_PREFIXES, SCOPES, SWITCH } from "../kinds.ts";
import type { Setting } from "../setting.ts";

/** Settings of the service as a whole. */
export const SERVICE = {
  issuer: {
    name: "ISSUER",
    kind: ISSUER,
    default: null,
    doc:
      "The origin that names the service in tokens, such as `https://login.example.com`. Empty: " +
      "the origin of each request.",
  },
  pathPrefix: {
    name: "PATH_PREFIX",
    kind: PATH_PREFIXES,
    default: "/o",
    doc:
      "Where the token, revocation and introspection endpoints are. List several, with spaces " +
      "between, for clients that use different ones, such as `/oauth2 /o`; the metadata names " +
      "the first.",
  },
  logRequests: {
    name: "LOG_REQUESTS",
    kind: choice("all", "failures"),
    default: "all",
    doc:
      "`failures`: only requests that fail (status 400 or above) write a line to the log. Audit " +
      "events and metrics are not affected. See [Observability](observability.md).",
  },
  scopes: {
    name: "SCOPES",
    kind: SCOPES,
    default: "read write groups introspection",
    doc: "Every scope that exists, with spaces between. A client has `introspection` only by name.",
  },
  managementApi: {
    name: "MANAGEMENT_API",
    kind: SWITCH,
    default: "off",
    doc:
      "`on`: clients with the scope `admin` may manage users and clients under `/admin/`, and so " +
      "may Workers that are bound to `Management`. See [Management](management.md).",
  },
} as const satisfies Readonly<Record<string, Setting>>;
