import { join } from "node:path";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { describeWithDebian, PYTHON } from "../support/debian.ts";
import { AUDIENCE, type ExampleApi } from "../support/resource-servers/example-api.ts";
import {
  describeIntrospectingApi,
  RESOURCE_SERVER,
} from "../support/resource-servers/introspecting-api.ts";
import { isListening, startCommand } from "../support/running-command.ts";
import { freePort } from "../support/server.ts";

const PACKAGES = ["python3-django", "python3-djangorestframework"] as const;

/** Runs the example, unmodified. */
async function start(origin: string): Promise<ExampleApi> {
  const port = await freePort();
  const args = ["-m", "django", "runserver", `127.0.0.1:${port}`, "--noreload"];
  const command = await startCommand(PYTHON, args, {
    cwd: join(PROJECT_DIR, "examples/django-rest-framework"),
    env: {
      DJANGO_SETTINGS_MODULE: "settings",
      INTROSPECTION_URL: `${origin}/o/introspect/`,
      CLIENT_ID: RESOURCE_SERVER.id,
      CLIENT_SECRET: RESOURCE_SERVER.secret,
      AUDIENCE,
      PYTHONDONTWRITEBYTECODE: "1",
    },
    isReady: () => isListening(port),
  });
  return { url: `http://127.0.0.1:${port}/things`, stop: () => command.stop() };
}

describeWithDebian(PACKAGES, "an API on Django REST framework", () => {
  describeIntrospectingApi(start);
});
