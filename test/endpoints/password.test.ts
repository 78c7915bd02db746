import { beforeAll, describe, expect, test } from "vitest";
import { createService, LOGIN, registerDefaults, type TokenAnswer } from "../support/service.ts";

const service = createService();
beforeAll(() => registerDefaults(service));

describe("password grant", () => {
  test("answers as the seed's sample does", async () => {
    const { status, headers, body } = await service.token<TokenAnswer>(LOGIN);
    expect(status).toBe(200);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Pragma")).toBe("no-cache");
    expect(body).toEqual({
      access_token: expect.stringMatching(/^tga_[\w-]+$/),
      expires_in: 3600,
      token_type: "Bearer",
      scope: "read write groups introspection",
      refresh_token: expect.stringMatching(/^tgr_[\w-]+$/),
    });
  });
});
