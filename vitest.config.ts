import { defineConfig } from "vitest/config";
import {
  architectureProject,
  nodeProject,
  unitProject,
  workerdProject,
} from "./test/support/vitest-projects.ts";

const WORKERD_TESTS = ["test/{storage,flows,endpoints,faults,conformance}/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      await workerdProject(WORKERD_TESTS),
      await unitProject(),
      architectureProject,
      nodeProject,
    ],
    // Most of the time a test waits for a server, so that a core need not be left free.
    maxWorkers: "100%",
  },
});
