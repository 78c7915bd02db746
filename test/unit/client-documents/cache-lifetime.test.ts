import { expect, test } from "vitest";
import { cacheLifetimeMs } from "../../../src/client-documents/cache-lifetime.ts";

const NOW_MS = Date.UTC(2026, 10, 30, 12);
const NOW = "Mon, 30 Nov 2026 12:00:00 GMT";
const IN_AN_HOUR = "Mon, 30 Nov 2026 13:00:00 GMT";

test.each<[string, HeadersInit, number]>([
  ["no header", {}, 300],
  ["max-age", { "Cache-Control": "max-age=3600" }, 3600],
  ["max-age among others", { "Cache-Control": "public, Max-Age=3600 , immutable" }, 3600],
  ["max-age in quotes", { "Cache-Control": 'max-age="3600"' }, 3600],
  ["a short max-age", { "Cache-Control": "max-age=1" }, 300],
  ["a long max-age", { "Cache-Control": "max-age=31536000" }, 86_400],
  ["an age", { "Cache-Control": "max-age=3600", Age: "600" }, 3000],
  ["an age over max-age", { "Cache-Control": "max-age=3600", Age: "7200" }, 300],
  ["no-store", { "Cache-Control": "max-age=3600, no-store" }, 300],
  ["no-cache", { "Cache-Control": "no-cache, max-age=3600" }, 300],
  ["private", { "Cache-Control": "private, max-age=3600" }, 300],
  ["another directive that ends alike", { "Cache-Control": "x-max-age=3600" }, 300],
  ["a malformed max-age", { "Cache-Control": "max-age=-1" }, 300],
  ["Expires", { Expires: IN_AN_HOUR }, 3600],
  ["Expires and a Date", { Expires: IN_AN_HOUR, Date: "Mon, 30 Nov 2026 12:30:00 GMT" }, 1800],
  ["Expires in the past", { Expires: NOW }, 300],
  ["a malformed Expires", { Expires: "0" }, 300],
  ["max-age before Expires", { "Cache-Control": "max-age=600", Expires: IN_AN_HOUR }, 600],
])("%s", (_, headers, seconds) => {
  expect(cacheLifetimeMs(new Headers(headers), NOW_MS)).toBe(seconds * 1000);
});
