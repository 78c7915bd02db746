import { beforeAll, expect, test } from "vitest";
import { dataPoint, METRIC_BLOBS, METRIC_DOUBLES } from "../../src/telemetry/metrics.ts";
import type { RequestLine } from "../../src/telemetry/request-line.ts";
import { newBrowser, registerWebApps } from "../support/browsing.ts";
import { stopClock } from "../support/clock.ts";
import { ask, logIn } from "../support/requests.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";
import { WATCHING, watch } from "../support/watched.ts";

const service = createService(WATCHING);

beforeAll(() => registerDefaults(service));
stopClock();
const watched = watch();

test("each request is one data point with the fields of its line", async () => {
  await logIn(service);
  await ask(service, { ...LOGIN, password: "wrong" });
  await ask(service, {}, null);
  const token = ["request", "token"];
  expect(watched.points).toEqual([
    {
      indexes: ["client"],
      blobs: [...token, "password", "ok", "", "", ""],
      doubles: [200, 0, 0, 2, 2, 1, 1],
    },
    {
      indexes: ["client"],
      blobs: [...token, "password", "refused", "password_wrong", "invalid_grant", ""],
      doubles: [400, 0, 0, 1, 1, 0, 0],
    },
    {
      indexes: [""],
      blobs: [...token, "", "refused", "grant_type_missing", "unsupported_grant_type", ""],
      doubles: [400, 0, 0, 0, 0, 0, 0],
    },
  ]);
});

test("a choice on a page is in its data point", async () => {
  await registerWebApps(service);
  const browser = newBrowser(service);
  await browser.signIn(await browser.open("/o/account/"), { password: "wrong" });
  const page = await browser.signIn(await browser.authorize());
  await browser.allow(page);
  await browser.submit(await browser.open("/o/account/"), { end_all: "1" });
  expect(watched.points.map(({ blobs }) => [blobs[1], ...blobs.slice(3)])).toEqual([
    ["account", "ok", "", "", ""],
    ["account", "refused", "password_wrong", "", "sign_in"],
    ["authorization", "ok", "", "", ""],
    ["authorization", "ok", "", "", "sign_in"],
    ["authorization", "ok", "", "", "allow"],
    ["account", "ok", "", "", ""],
    ["account", "ok", "", "", "end_all"],
  ]);
});

test("a data point stays within the limits of Analytics Engine", () => {
  const [line] = [{ client_id: "c".repeat(200) }] as unknown as RequestLine[];
  const point = dataPoint(line as RequestLine);
  expect(point.indexes).toEqual(["c".repeat(96)]);
  expect(METRIC_BLOBS.length).toBeLessThanOrEqual(20);
  expect(METRIC_DOUBLES.length).toBeLessThanOrEqual(20);
});

test("a dataset that fails never fails a request", async () => {
  const broken = createService({
    METRICS: {
      writeDataPoint() {
        throw new TypeError("Too many blobs");
      },
    },
  });
  expect(await ask(broken, LOGIN)).toMatchObject({ status: 200 });
  expect(watched.failures()).toEqual([
    {
      event: "metrics_failed",
      request_id: watched.requests()[0]?.request_id,
      failure: expect.objectContaining({ name: "TypeError" }),
    },
  ]);
});

test("without the binding nothing is written and nothing fails", async () => {
  expect(await ask(createService(), LOGIN)).toMatchObject({ status: 200 });
  expect(watched.points).toEqual([]);
  expect(watched.failures()).toEqual([]);
});
