/**
 * The HTTP API as one OpenAPI 3.1 document, derived from the lists that the service uses. It is
 * made at build time and is not part of the Worker.
 */
import * as z from "zod/mini";
import { CLIENT_AUTHENTICATORS } from "../client-auth/index.ts";
import { PATHS, type Paths, pathsUnder } from "../endpoints/urls.ts";
import { BODY_BYTES_MAX, PARAMETERS_MAX } from "../protocol/params.ts";
import {
  healthOperation,
  jwksOperation,
  landingOperation,
  metadataAsDotOperation,
  metadataOfPathOperation,
  metadataOperation,
  openIdMetadataAsDotOperation,
  openIdMetadataOfPathOperation,
  openIdMetadataOperation,
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
import { registrationOperation } from "./registration.ts";
import * as registration from "./registration-schemas.ts";
import { revocationOperation } from "./revocation.ts";
import * as schemas from "./schemas.ts";
import { CLIENT_AUTH_WORDS, securitySchemes } from "./security.ts";
import { tokenOperation } from "./token.ts";
import { userinfoByGet, userinfoByPost } from "./userinfo.ts";

/** Every endpoint under every method, in reading order. */
const OPERATIONS: readonly Operation[] = [
  tokenOperation,
  revocationOperation,
  introspectionByPost,
  introspectionByGet,
  userinfoByGet,
  userinfoByPost,
  registrationOperation,
  metadataOperation,
  metadataAsDotOperation,
  metadataOfPathOperation,
  openIdMetadataOperation,
  openIdMetadataAsDotOperation,
  openIdMetadataOfPathOperation,
  jwksOperation,
  landingOperation,
  healthOperation,
  ...MANAGEMENT_OPERATIONS,
];

const MANAGEMENT =
  "Users, clients and APIs, for the operator's own applications. Off by default: the paths under " +
  "/admin return 404 unless the setting `MANAGEMENT_API` is `on`.";

/** CORS headers of the error responses of each endpoint. */
const ERROR_HEADERS: Readonly<Record<string, Json>> = {
  [PATHS.token]: CORS_HEADERS,
  [PATHS.revocation]: CORS_HEADERS,
  [PATHS.userinfo]: CORS_HEADERS,
  [PATHS.registration]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.metadata]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.metadataAsDot]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.metadataOfPath]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.openIdMetadata]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.openIdMetadataAsDot]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.openIdMetadataOfPath]: CORS_HEADERS_FOR_ANYONE,
  [PATHS.jwks]: CORS_HEADERS_FOR_ANYONE,
};

/** Schemas by their names in the document. */
const SCHEMAS = {
  TokenForm: schemas.tokenForm,
  TokenJson: schemas.tokenJson,
  Tokens: schemas.tokenResponse,
  Revocation: schemas.revocationRequest,
  IntrospectionRequest: schemas.introspectionRequest,
  Introspection: schemas.introspectionResponse,
  UserinfoRequest: schemas.userinfoRequest,
  Userinfo: schemas.userinfoResponse,
  ClientMetadata: registration.clientMetadata,
  RegisteredClient: registration.registeredClient,
  Metadata: schemas.metadataResponse,
  Jwks: schemas.jwksResponse,
  Landing: schemas.landingResponse,
  Health: schemas.healthResponse,
  Error: schemas.errorResponse,
  NewUser: management.newUser,
  UserPatch: management.userPatch,
  User: management.user,
  UserList: management.userList,
  SessionList: management.sessionList,
  BrowserSessionList: management.browserSessionList,
  LogoutList: management.logoutList,
  ConsentList: management.consentList,
  NewPassword: management.newPassword,
  MadePassword: management.generatedPassword,
  NewClient: management.newClient,
  ClientPatch: management.clientPatch,
  Client: management.client,
  ClientList: management.clientList,
  SecretRotation: management.rotation,
  ResourceScopes: management.resourceScopes,
  Resource: management.resource,
  ResourceList: management.resourceList,
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
    servers: [{ url: "/", description: "This server" }],
    tags: [
      { name: "tokens", description: "Issue, revoke and check tokens" },
      { name: "discovery", description: "Metadata, keys and health" },
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

/** Without `additionalProperties: false`: a response may gain members (RFC 6749 §5.1). */
function components(): Json {
  const all = Object.entries(SCHEMAS).map(([name, schema]): [string, Json] => {
    const { $schema: _, ...own } = z.toJSONSchema(schema, { io: "input", override: dropLimits });
    return [name, own];
  });
  return Object.fromEntries(all);
}

/** Removes the largest safe integer, which zod adds to every integer. */
function dropLimits({ jsonSchema }: { readonly jsonSchema: { maximum?: number } }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function describe(): string {
  const methods = [...new Set(CLIENT_AUTHENTICATORS.flatMap((one) => one.methods))];
  return [
    "Issues, refreshes, revokes and checks OAuth 2 tokens, compatible with django-oauth-toolkit.\n",
    "A client authenticates by the method that it is registered with, and by one per request:\n",
    ...methods.map((method) => `- \`${method}\`: ${CLIENT_AUTH_WORDS[method]}`),
    "\nClients of `client_secret_basic` and `client_secret_post` may send the secret either way.\n",
    `A body has at most ${BODY_BYTES_MAX} bytes and ${PARAMETERS_MAX} parameters. A parameter may`,
    "occur once; an empty value is the same as an absent one. Paths work with and without a",
    "trailing slash. An unknown path gets 404, and an unsupported method 405 with `Allow`; the",
    "body is an `Error`, or a `Problem` under /admin. Every path supports `OPTIONS`.\n",
    "`scopes_supported` in the metadata lists the scopes of a deployment.",
  ].join("\n");
}
