import { expect, test } from "vitest";
import { stuff } from "../support/stuffing.ts";

test("stolen passwords are soon rejected unhashed, and users can still log in", async () => {
  const report = await stuff({ pairs: 1000, addresses: 100 });
  expect(report.before).toBeLessThan(300);
  expect(report.before + report.after).toBe(1000);
  expect(report.hashed).toBeLessThan(report.after / 100);
  expect(report.logins).toBe(50);
  expect(report.good).toBe(report.logins);
});
