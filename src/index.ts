import { app } from "./app.ts";

export { RefreshFamily } from "./storage/refresh-family.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
