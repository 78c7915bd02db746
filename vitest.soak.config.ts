import { defineConfig } from "vitest/config";
import { workerdProject } from "./test/support/vitest-projects.ts";

/** Bounds in count and time; each can be set for one run. */
const { OPERATIONS = "100000", REQUESTS = "1000000", MINUTES = "60" } = process.env;

/** What `npm run soak` runs of `history` and `fuzz`, and nothing else does. */
export default defineConfig({
  test: {
    projects: [
      await workerdProject("soak", ["test/proofs/**/*.soak.test.ts"], {
        OPERATIONS,
        REQUESTS,
        MINUTES,
      }),
    ],
  },
});
