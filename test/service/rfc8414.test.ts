import { generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { utf8 } from "../../src/crypto/bytes.ts";
import {
  ASSERTION_TYPE,
  askByAssertion,
  assertionClaims,
  newAssertion,
  registerKeyClient,
} from "../support/assertions.ts";
import { exchange, newBrowser, obtainCode, registerWebApps } from "../support/browsing.ts";
import { change, ISSUER, RESOURCE_SERVER, registerCheckers } from "../support/checks.ts";
import { hmacSigner, unsigned, writeJws } from "../support/jws.ts";
import { newKey } from "../support/keys.ts";
import { ask, basic, type Fields, logIn, post } from "../support/requests.ts";
import {
  headersOf,
  INVALID_CLIENT,
  INVALID_SCOPE,
  UNSUPPORTED_GRANT_TYPE,
} from "../support/responses.ts";
import { createService, LOGIN, OWN, registerDefaults, type Service } from "../support/service.ts";

const service = createService();
const key = newKey();
const SUCCESS = { status: 200 };

beforeAll(async () => {
  await registerDefaults(service);
  await registerWebApps(service);
  await registerCheckers();
  await registerKeyClient(service, "signer", await key);
});

type Metadata = Readonly<Record<string, string | readonly string[]>>;

async function metadataOf(from: Service, path = "/.well-known/oauth-authorization-server") {
  const response = await from.fetch(path);
  return { response, body: (await response.json()) as Metadata };
}

async function listed(name: string): Promise<readonly string[]> {
  const { body } = await metadataOf(service);
  const list = body[name];
  if (!Array.isArray(list)) throw new Error(`${name} is no list`);
  return list;
}

/** The endpoints where a client authenticates, and what it asks for there. */
const ENDPOINTS: Readonly<Record<string, { path: string; fields: Fields }>> = {
  token: { path: "/o/token/", fields: LOGIN },
  revocation: { path: "/o/revoke_token/", fields: { token: "unknown" } },
  introspection: { path: "/o/introspect/", fields: { token: "unknown" } },
};

type Use = (path: string, fields: Fields) => Promise<{ status: number }>;

const send = (path: string, fields: Fields, headers: HeadersInit = {}) => {
  return post(service, new URLSearchParams(fields), headers, path);
};

/** How each method is used: those that may be advertised, and some that are not. */
const METHODS: Readonly<Record<string, Use>> = {
  client_secret_basic: (path, fields) => send(path, fields, basic("client:secret")),
  client_secret_post: (path, fields) => {
    return send(path, { ...fields, client_id: "client", client_secret: "secret" });
  },
  private_key_jwt: async (path, fields) => {
    return askByAssertion(service, await newAssertion("signer", await key), fields, path);
  },
  none: (path, fields) => send(path, { ...fields, client_id: "public" }),
  Bearer: async (path, fields) => {
    const { access_token } = await logIn(service, { scope: "introspection" }, RESOURCE_SERVER);
    return send(path, fields, { Authorization: `Bearer ${access_token}` });
  },
  client_secret_jwt: async (path, fields) => {
    const sign = hmacSigner(utf8("secret"));
    const assertion = await writeJws({ alg: "HS256" }, assertionClaims("client"), sign);
    return askByAssertion(service, assertion, fields, path);
  },
  "client_secret in the URL": (path, fields) => {
    const all = { ...fields, client_id: "client", client_secret: "secret" };
    return service.fetch(`${path}?${new URLSearchParams(all)}`);
  },
  nothing: (path, fields) => send(path, fields),
};

/** Ways to sign an assertion, each with a key of its own kind. */
const ALGORITHMS = [
  ...["ES256", "Ed25519", "EdDSA", "RS256"],
  ...["ES384", "ES512", "PS256", "RS384", "RS512"],
];

/** @param isSupported otherwise the key is rejected, and rests as version 0.1 took it */
async function assertionBy(algorithm: string, isSupported: boolean): Promise<string> {
  const clientId = `signs by ${algorithm}`;
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = (await crypto.subtle.exportKey("jwk", publicKey)) as object;
  const jwks = { keys: [{ ...jwk, key_ops: ["verify"] }] };
  const client = { client_id: clientId, token_endpoint_auth_method: "private_key_jwt" };
  if (isSupported) {
    await service.register({ clients: [{ ...client, jwks }] });
  } else {
    const refused = service.register({ clients: [{ ...client, jwks }] });
    await expect(refused).rejects.toThrow(/clients\[0\]\.jwks\.keys\[0\]/);
    await registerKeyClient(service, clientId, await key);
    await change("clients", clientId, `jwks = '${JSON.stringify(jwks)}'`);
  }
  const claims = assertionClaims(clientId) as Record<string, string>;
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm }).sign(privateKey);
}

describe("the document", () => {
  test("§2 says all that there is, and nothing else", async () => {
    const methods = ["private_key_jwt", "client_secret_basic", "client_secret_post", "none"];
    const algorithms = ["ES256", "Ed25519", "EdDSA", "RS256"];
    const { body } = await metadataOf(service);
    expect(body).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/o/authorize/`,
      token_endpoint: `${ISSUER}/o/token/`,
      revocation_endpoint: `${ISSUER}/o/revoke_token/`,
      introspection_endpoint: `${ISSUER}/o/introspect/`,
      jwks_uri: `${ISSUER}/o/.well-known/jwks.json`,
      scopes_supported: [
        ...["read", "write", "groups"],
        ...["openid", "profile", "email", "phone", "address", "offline_access"],
        "introspection",
      ],
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      prompt_values_supported: ["none", "login", "consent", "select_account"],
      ui_locales_supported: ["en", "de"],
      grant_types_supported: [
        ...["password", "authorization_code", "refresh_token", "client_credentials"],
      ],
      token_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_methods_supported: [...methods.slice(0, -1), "Bearer"],
      token_endpoint_auth_signing_alg_values_supported: algorithms,
      revocation_endpoint_auth_signing_alg_values_supported: algorithms,
      introspection_endpoint_auth_signing_alg_values_supported: algorithms,
      userinfo_endpoint: `${ISSUER}/o/userinfo/`,
      end_session_endpoint: `${ISSUER}/o/logout/`,
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256", "RS256"],
      claim_types_supported: ["normal"],
      claims_supported: expect.arrayContaining(["sub", "sid", "name", "email_verified", "address"]),
      claims_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    });
  });

  test("§3 is at its well-known path, and the same where django-oauth-toolkit has it", async () => {
    const { body } = await metadataOf(service);
    const path = "/o/.well-known/oauth-authorization-server";
    expect((await metadataOf(service, path)).body).toEqual(body);
    expect((await metadataOf(service, `${path}/`)).body).toEqual(body);
  });

  test("§3.1 is got with GET or HEAD, and by no other method", async () => {
    const path = "/.well-known/oauth-authorization-server";
    expect(await service.fetch(path, { method: "HEAD" })).toMatchObject({ status: 200 });
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await service.fetch(path, { method });
      expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "GET, OPTIONS"]);
    }
  });

  test("§3.2 is JSON that caches may store for a while", async () => {
    const { response } = await metadataOf(service);
    expect(response.status).toBe(200);
    expect(headersOf(response)).toEqual({
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=300",
      "content-type": "application/json",
    });
  });

  test("§3.3 has the issuer that it was asked at, or the one of the setting", async () => {
    expect((await metadataOf(service)).body["issuer"]).toBe(ISSUER);
    const { body } = await metadataOf(createService({ ISSUER: "https://id.example.com" }));
    expect(body).toMatchObject({
      issuer: "https://id.example.com",
      token_endpoint: "https://id.example.com/o/token/",
      jwks_uri: "https://id.example.com/o/.well-known/jwks.json",
    });
  });

  test("§2 follows the settings: the scopes, and keys only where there are any", async () => {
    const other = createService({ SCOPES: "see do", SIGNING_KEYS: undefined });
    const { body } = await metadataOf(other);
    expect(body).toMatchObject({ scopes_supported: ["see", "do", "introspection"] });
    expect(body).not.toHaveProperty("jwks_uri");
  });
});

describe("what is advertised works and nothing else does:", () => {
  test("§2 endpoints", async () => {
    const { body } = await metadataOf(service);
    const urls = Object.entries(body).filter(([name]) => /_(?:endpoint|uri)$/.test(name));
    expect(urls).toHaveLength(7);
    for (const [name, url] of urls) {
      const path = String(url).replace(ISSUER, "");
      const { status } = await service.fetch(path, { method: "OPTIONS" });
      expect({ name, status }).toEqual({ name, status: 204 });
    }
    const others = ["o/par/", "o/", "o/device-authorization/", "token"];
    for (const path of others) {
      expect(await service.fetch(`/${path}`)).toMatchObject({ status: 404 });
    }
  });

  test("§2 grant_types_supported", async () => {
    const drivers: Record<string, () => Promise<{ status: number }>> = {
      password: () => ask(service, LOGIN),
      client_credentials: () => ask(service, OWN),
      authorization_code: async () => exchange(service, await obtainCode(service)),
      refresh_token: async () => {
        const { refresh_token } = await logIn(service);
        return ask(service, { grant_type: "refresh_token", refresh_token });
      },
    };
    const grants = await listed("grant_types_supported");
    expect(Object.keys(drivers).sort()).toEqual([...grants].sort());
    for (const grant of grants) expect(await drivers[grant]?.()).toMatchObject(SUCCESS);
    const urn = "urn:ietf:params:oauth:grant-type";
    const names = ["implicit", `${urn}:jwt-bearer`, `${urn}:device_code`];
    for (const grant_type of [...names, `${urn}:token-exchange`, `${urn}:saml2-bearer`]) {
      expect(await ask(service, { ...LOGIN, grant_type })).toEqual(UNSUPPORTED_GRANT_TYPE);
    }
  });

  test("§2 scopes_supported", async () => {
    const scopes = await listed("scopes_supported");
    const ordinary = scopes.filter((scope) => scope !== "introspection");
    for (const scope of [...ordinary, ordinary.join(" ")]) {
      expect(await ask(service, { ...LOGIN, scope })).toMatchObject({ body: { scope } });
    }
    const named = await ask(service, { ...LOGIN, scope: "introspection" }, RESOURCE_SERVER);
    expect(named).toMatchObject({ body: { scope: "introspection" } });
    for (const scope of ["admin", "Read", "Openid", "profile Email"]) {
      expect(await ask(service, { ...LOGIN, scope })).toEqual(INVALID_SCOPE);
    }
  });

  test("§2 response_types_supported", async () => {
    expect(await obtainCode(service)).toMatch(/^tgc_/);
    for (const response_type of ["token", "id_token", "code token", "none"]) {
      const { location } = await newBrowser(service).authorize({ response_type });
      expect(location?.searchParams.get("error")).toBe("unsupported_response_type");
    }
  });

  test.each(Object.entries(ENDPOINTS))(
    "§2 %s_endpoint_auth_methods_supported",
    async (name, { path, fields }) => {
      const methods = await listed(`${name}_endpoint_auth_methods_supported`);
      expect(methods.filter((method) => !Object.hasOwn(METHODS, method))).toEqual([]);
      for (const [method, use] of Object.entries(METHODS)) {
        const { status } = await use(path, fields);
        expect({ method, works: status === 200 }).toEqual({
          method,
          works: methods.includes(method),
        });
      }
    },
  );

  test.each(Object.entries(ENDPOINTS))(
    "§2 %s_endpoint_auth_signing_alg_values_supported",
    async (name, { path, fields }) => {
      const supported = await listed(`${name}_endpoint_auth_signing_alg_values_supported`);
      expect(supported.filter((algorithm) => !ALGORITHMS.includes(algorithm))).toEqual([]);
      for (const algorithm of ALGORITHMS) {
        const works = supported.includes(algorithm);
        const assertion = await assertionBy(algorithm, works);
        const { status } = await askByAssertion(service, assertion, fields, path);
        expect({ algorithm, status }).toEqual({ algorithm, status: works ? 200 : 401 });
      }
    },
    60_000,
  );

  test("§2 an unsigned assertion is rejected, whatever is advertised", async () => {
    const assertion = await writeJws({ alg: "none" }, assertionClaims("signer"), unsigned);
    expect(await askByAssertion(service, assertion)).toEqual(INVALID_CLIENT);
    const typed = { ...OWN, client_assertion_type: ASSERTION_TYPE, client_assertion: "" };
    expect(await ask(service, typed, null)).toEqual(INVALID_CLIENT);
  });
});

test.each<[string, Record<string, string>, object]>([
  ["no clients", {}, {}],
  ["registration", { REGISTRATION: "open" }, { registration_endpoint: `${ISSUER}/o/register/` }],
  [
    "registration by token",
    { REGISTRATION: "token" },
    { registration_endpoint: `${ISSUER}/o/register/` },
  ],
  ["documents", { CIMD: "claude.ai" }, { client_id_metadata_document_supported: true }],
])("§2 says which clients it accepts that no operator registered: %s", async (_, vars, members) => {
  const { body } = await metadataOf(createService(vars));
  const { registration_endpoint, client_id_metadata_document_supported } = body;
  const told = { registration_endpoint, client_id_metadata_document_supported };
  expect(JSON.parse(JSON.stringify(told))).toEqual(members);
  // claude.ai uses a document only if it is a public client there.
  expect(body["token_endpoint_auth_methods_supported"]).toContain("none");
  expect(body["scopes_supported"]).toContain("offline_access");
});
