import { choice, ISSUER, PATH_PREFIXES, SCOPES, SWITCH } from "../kinds.ts";
import { RESOURCES } from "../resources.ts";
import type { Setting } from "../setting.ts";

/** Settings of the service as a whole. */
export const SERVICE = {
  issuer: {
    name: "ISSUER",
    kind: ISSUER,
    default: null,
    doc:
      "The issuer identifier in tokens, such as `https://login.example.com`. Empty: the origin " +
      "of each request.",
  },
  pathPrefix: {
    name: "PATH_PREFIX",
    kind: PATH_PREFIXES,
    default: "/o",
    doc:
      "Path prefix of the endpoints that are under `/o/` by default. Several, separated by " +
      "spaces, serve clients that use different ones, such as `/oauth2 /o`; the metadata names " +
      "the first.",
  },
  logRequests: {
    name: "LOG_REQUESTS",
    kind: choice("all", "failures"),
    default: "all",
    doc:
      "`failures`: only failed requests (status 400 or above) are logged. Audit events and " +
      "metrics are not affected. See [Observability](observability.md).",
  },
  scopes: {
    name: "SCOPES",
    kind: SCOPES,
    default: "read write groups introspection",
    doc:
      "All scopes, separated by spaces. A client has `introspection` only if it is registered " +
      "for it by name.",
  },
  resources: {
    name: "RESOURCES",
    kind: RESOURCES,
    default: null,
    doc:
      "APIs for which every client may request tokens, also one that no operator registered, " +
      'with their scopes, such as `{"https://api.example.com": "read write"}`. Without scopes: ' +
      "all but `admin` and `introspection`. See [APIs for every client]" +
      "(clients.md#apis-for-every-client). The management API and `resource set` add more; this " +
      "setting decides about an API that both list. Empty: only those, and the `audience` of " +
      "each client.",
  },
  managementApi: {
    name: "MANAGEMENT_API",
    kind: SWITCH,
    default: "off",
    doc:
      "`on`: clients with the scope `admin` can manage users, clients and APIs under `/admin/`, " +
      "and Workers through a service binding to `Management`. See [Management](management.md).",
  },
} as const satisfies Readonly<Record<string, Setting>>;
