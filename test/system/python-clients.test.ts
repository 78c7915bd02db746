import { afterAll, beforeAll, describe } from "vitest";
import { describeWithDebian } from "../support/debian.ts";
import {
  clientsFor,
  testIndependentClient,
  USER,
} from "../support/libraries/independent-client.ts";
import { pythonClient } from "../support/libraries/python-client.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";

const PACKAGES = ["python3-requests-oauthlib", "python3-authlib"] as const;

/** Neither library form-encodes them for HTTP Basic, so they have no colon, plus or percent sign. */
const CLIENT = { clientId: "python client", clientSecret: "a long: long secret" };

describeWithDebian(PACKAGES, "Python", () => {
  let service: RunningService;
  const running = () => service;

  beforeAll(async () => {
    const { clientId: client_id, clientSecret: client_secret } = CLIENT;
    const clients = clientsFor({ client_id, client_secret });
    service = await startRunningService({ clients, users: [USER] });
  });

  afterAll(() => service?.stop());

  describe.each(["client_secret_basic", "client_secret_post"] as const)("with %s", (method) => {
    describe("requests-oauthlib", () => {
      const script = "requests_oauthlib_client.py";
      testIndependentClient(
        running,
        (origin) => pythonClient({ script, origin, ...CLIENT, method }),
        { introspects: false, checks: ["state", "error"] },
      );
    });

    describe("authlib", () => {
      const script = "authlib_client.py";
      testIndependentClient(
        running,
        (origin) => {
          return pythonClient({ script, origin, ...CLIENT, method });
        },
        { checks: ["state"] },
      );
    });
  });
});
