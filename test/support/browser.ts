import { spawnSync } from "node:child_process";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { describeWithDebian } from "./debian.ts";

/** A page of a real Chromium, and what it did that a page of the service must not do. */
export interface WatchedPage {
  readonly page: Page;
  /** URLs that it asked for, in order. */
  readonly requests: readonly string[];
  /** What its Content-Security-Policy rejected: `directive URL`. */
  readonly violations: readonly string[];
  /** Errors of its scripts and of its console. */
  readonly errors: readonly string[];
}

/** Describes tests in a real Chromium, or skips them by name where there is none. */
export function describeWithBrowser(title: string, body: (browser: () => Browser) => void): void {
  describeWithDebian(["chromium"], title, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(() => browser?.close());
    body(() => browser);
  });
}

function launchBrowser(): Promise<Browser> {
  const { stdout } = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" });
  const executablePath = stdout.trim();
  return chromium.launch({ executablePath });
}

/** Opens a page of its own profile, watched from before its first request. */
export async function openPage(browser: Browser): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 1000 } });
  const page = await context.newPage();
  const [requests, violations, errors]: [string[], string[], string[]] = [[], [], []];
  context.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.exposeFunction("reportViolation", (violation: string) => violations.push(violation));
  await page.addInitScript(`
    document.addEventListener("securitypolicyviolation", (event) => {
      reportViolation(event.effectiveDirective + " " + event.blockedURI);
    });
  `);
  return { page, requests, violations, errors };
}
