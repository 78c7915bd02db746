import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { createBrand } from "../../src/pages/brand.ts";
import { describeWithBrowser } from "../support/browser.ts";
import { SAMPLE_PAGES } from "../support/sample-pages.ts";

const BRAND = await createBrand({ name: "Example Login", logo: null, color: "#c2410c" });

/** Everything that a finger may have to hit, and is lower than 44 pixels. */
const SMALL = `[...document.querySelectorAll("button, .button, .field, .check label")]
  .filter((target) => target.getBoundingClientRect().height < 44)
  .map((target) => target.outerHTML)`;

describeWithBrowser("pages with a brand, 320 pixels wide", (browser) => {
  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    test.each(["en", "de"] as const)("in %s are accessible", async (language) => {
      const viewport = { width: 320, height: 900 };
      const context = await browser().newContext({ viewport, colorScheme });
      try {
        const page = await context.newPage();
        for (const [name, render] of Object.entries(SAMPLE_PAGES)) {
          await page.setContent(render({ brand: BRAND, language }));
          expect({ name, ...(await faultsOf(page)) }).toEqual({
            name,
            width: 320,
            small: [],
            violations: [],
          });
        }
      } finally {
        await context.close();
      }
    });
  });
});

async function faultsOf(page: Page) {
  const width = await page.evaluate("document.documentElement.scrollWidth");
  const small = await page.evaluate(SMALL);
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  return { width, small, violations: violations.map(({ id, nodes }) => [id, nodes[0]?.html]) };
}
