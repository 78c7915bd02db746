import type { LocalExample } from "../local-example.ts";
import { tour } from "./tour.ts";

/** How `npm run example` runs this API. */
export const local: LocalExample = { serviceVars: () => ({}), workerVars: () => ({}), tour };
