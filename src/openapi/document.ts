/**
 * The HTTP API as one OpenAPI 3.1 document, made of the lists that the service runs on. Made when
 * the service is built: the Worker does not carry it.
 */
import * as z from "zod/mini";
import { CLIENT_AUTHENTICATORS } from "../client-auth/index.ts";
import { PATHS, type Paths, pathsUnder } from "../endpoints/paths.ts";
import { BODY_BYTES_MAX, PARAMETERS_MAX } from "../protocol/params.ts";
import {
  healthOperation,
  jwksOperation,
  landingOperation,
  metadataAsDotOperation,
  metadataOfPathOperation,
  metadataOperation,
} from "./discovery.ts";
import { introspectionByGet, introspectionByPost } from "./introspection.ts";
import { MANAGEMENT_OPERATIONS } from "./management.ts";
import * as management from "./management-schemas.ts";
import {
  CORS_HEADERS,
  CORS_HEADERS_FOR_ANYONE,
  type Json,
  type Operation,
  toOperationObject,
} from "./operation.ts";
import { revocationOperation } from "./revocation.ts";
import * as schemas from "./schemas.ts";
import { CLIENT_AUTH_WORDS, securitySchemes } from "./security.ts";
import { tokenOperation } from "./token.ts";

/** Every endpoint under every method, in the order in which people should read of them. */
export const OPERATIONS: readonly Operation[] = [
  tokenOperation,
  revocationOperation,
  introspectionByPost,
  introspectionByGet,
  metadataOperation,
  metadataAsDotOperation,
  metadataOfPathOperation,
  jwksOperation,
  landingOperation,
  healthOperation,
  ...MANAGEMENT_OPERATIONS,
];

const MANAGEMENT =
  "Users and clients, for clients of the operator's own. Off by default: every path under /admin " +
  "is unknown unless the setting `MANAGEMENT_API` is `on`.";

/** What the errors of each endpoint have for pages: those of a client's origins, or every one. */
const ERROR_HEADERS: Readonly<Record<string, Json>> = {
  [PATHS.token]: CORS_HEADERS,
  [PATHS.revocation]: CORS_HEADERS,
  [PATHS.metadata]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.metadataAsDot]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.metadataOfPath]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.jwks]: CORS_HEADERS_FOR_ANYONE,
};

/** Schemas by the name that the document has for them. */
const SCHEMAS = {
  TokenForm: schemas.tokenForm,
  TokenJson: schemas.tokenJson,
  Tokens: schemas.tokenAnswer,
  Revocation: schemas.revocationRequest,
  IntrospectionRequest: schemas.introspectionRequest,
  Introspection: schemas.introspectionAnswer,
  Metadata: schemas.metadataAnswer,
  Jwks: schemas.jwksAnswer,
  Landing: schemas.landingAnswer,
  Health: schemas.healthAnswer,
  Error: schemas.errorAnswer,
  NewUser: management.newUser,
  UserPatch: management.userPatch,
  User: management.user,
  UserList: management.userList,
  SessionList: management.sessionList,
  NewPassword: management.newPassword,
  MadePassword: management.madePassword,
  NewClient: management.newClient,
  ClientPatch: management.clientPatch,
  Client: management.client,
  ClientList: management.clientList,
  SecretRotation: management.rotation,
  Problem: management.problem,
} as const;

/** Builds the document. @param prefix the first `PATH_PREFIX` of the deployment */
export function openApiDocument(prefix = "/o"): Json {
  return {
    openapi: "3.1.1",
    info: {
      title: "Tollgate",
      version: "1",
      description: describe(),
    },
    servers: [{ url: "/", description: "Where this document was found" }],
    tags: [
      { name: "tokens", description: "Getting, ending and checking tokens" },
      { name: "discovery", description: "What the service says of itself" },
      { name: "management", description: MANAGEMENT },
    ],
    paths: pathItems(pathsUnder(prefix)),
    components: { schemas: components(), securitySchemes: securitySchemes() },
  };
}

function pathItems(places: Paths): Json {
  const names = Object.keys(PATHS) as (keyof Paths)[];
  const placeOf = new Map(names.map((name) => [PATHS[name], places[name]]));
  const byPath = Map.groupBy(OPERATIONS, ({ path }) => path);
  const items = [...byPath].map(([path, operations]): [string, Json] => {
    const extraHeaders = ERROR_HEADERS[path] ?? {};
    const objects = operations.map((operation): [string, Json] => {
      return [operation.method, toOperationObject(operation, extraHeaders)];
    });
    return [placeOf.get(path) ?? path, Object.fromEntries(objects)];
  });
  return Object.fromEntries(items);
}

/** As callers may take them: an answer can have more members some day (RFC 6749 §5.1). */
function components(): Json {
  const all = Object.entries(SCHEMAS).map(([name, schema]): [string, Json] => {
    const { $schema: _, ...own } = z.toJSONSchema(schema, { io: "input", override: dropLimits });
    return [name, own];
  });
  return Object.fromEntries(all);
}

/** That an integer is a safe one goes without saying. */
function dropLimits({ jsonSchema }: { readonly jsonSchema: { maximum?: number } }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function describe(): string {
  const methods = [...new Set(CLIENT_AUTHENTICATORS.flatMap((one) => one.methods))];
  return [
    "Issues, refreshes, ends and checks OAuth 2 tokens, as django-oauth-toolkit does.\n",
    "A client authenticates in one way a request, the one that it is registered with:\n",
    ...methods.map((method) => `- \`${method}\`: ${CLIENT_AUTH_WORDS[method]}`),
    "\n`client_secret_basic` and `client_secret_post` accept either place.\n",
    `A body has at most ${BODY_BYTES_MAX} bytes and ${PARAMETERS_MAX} parameters, none of them`,
    "twice; an empty value counts as left out. Paths work with and without the slash at their",
    "end. An unknown path is answered with 404 and a method that a path does not have with 405",
    "and `Allow`, both with an `Error`, or under /admin with a `Problem`; `OPTIONS` is answered",
    "everywhere.\n",
    "The scopes of a deployment are in `scopes_supported` of its metadata.",
  ].join("\n");
}
