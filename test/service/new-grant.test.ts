// First, so that the list is complete before anything reads it.
import "../support/new-grant.ts";
import { expect, test } from "vitest";
import { newGrant } from "../support/new-grant.ts";
import { createService } from "../support/service.ts";

const { grantType: grant_type } = newGrant;
const service = createService();
const client = { client_id: "toy", client_secret: "secret", grant_types: [grant_type] };

test("a grant that was added to the list is in the metadata", async () => {
  const response = await service.fetch("/.well-known/oauth-authorization-server");
  const { grant_types_supported } = await response.json<Record<string, string[]>>();
  expect(grant_types_supported).toEqual(expect.arrayContaining(["password", grant_type]));
});

test("a file may register a client for it, unless the client is public", async () => {
  await service.register({ clients: [client] });
  const { client_id, grant_types } = client;
  const token_endpoint_auth_method = "none";
  const publicClient = { client_id, grant_types, token_endpoint_auth_method };
  await expect(service.register({ clients: [publicClient] })).rejects.toThrow(
    `grant_types: ${grant_type} is not for a public client`,
  );
});

test("it issues tokens, and reads its own parameter from a form and from JSON", async () => {
  await service.register({ clients: [client] });
  const credentials = "toy:secret";
  const success = { status: 200, body: { access_token: expect.any(String) } };
  expect(await service.token({ grant_type, word: "open" }, credentials)).toMatchObject(success);
  const response = await service.fetch("/o/token/", {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(credentials)}`, "Content-Type": "application/json" },
    body: JSON.stringify({ grant_type, word: "open" }),
  });
  expect(response.status).toBe(200);
  const failure = { status: 400, body: { error: "unauthorized_client" } };
  expect(await service.token({ grant_type, word: "shut" }, credentials)).toMatchObject(failure);
});
