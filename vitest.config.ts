import { defineConfig } from "vitest/config";
import {
  architectureProject,
  nodeProject,
  workerdProject,
} from "./test/support/vitest-projects.ts";

const WORKERD_TESTS = ["test/{unit,storage,flows,endpoints,faults,conformance}/**/*.test.ts"];

export default defineConfig({
  test: { projects: [await workerdProject(WORKERD_TESTS), architectureProject, nodeProject] },
});
