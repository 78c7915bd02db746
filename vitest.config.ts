import { defineConfig } from "vitest/config";
import {
  architectureProject,
  isolatedProject,
  journeysProject,
  productionStorageProject,
  proofsProject,
  serviceProject,
  systemProject,
  unitProject,
  workerdProofsProject,
} from "./test/support/vitest-projects.ts";

/** Each tier is a set of projects; the scripts of package.json name them. */
export default defineConfig({
  test: {
    projects: [
      await unitProject(),
      await serviceProject(),
      await isolatedProject(),
      await journeysProject(),
      architectureProject,
      systemProject,
      await workerdProofsProject(),
      await productionStorageProject(),
      proofsProject,
    ],
    // Most of the time a test waits for a server, so that a core need not be left free.
    maxWorkers: "100%",
  },
});
