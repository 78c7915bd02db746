import { expect, test } from "vitest";
import { describeWithDebian } from "../support/debian.ts";
import { testAfterwards } from "../support/walk/afterwards.ts";
import { readWalkPage } from "../support/walk/page.ts";
import { testSideBySide } from "../support/walk/side-by-side.ts";
import { testSwitch } from "../support/walk/switch.ts";
import { prepareWalk } from "../support/walk/walk.ts";

// Every test stands on those before it: it is one afternoon.
describeWithDebian(
  ["python3-django-oauth-toolkit", "gunicorn"],
  "docs/moving-from-django.md, walked from the top",
  () => {
    const page = readWalkPage("docs/moving-from-django.md");
    const walk = prepareWalk(page);
    testSideBySide(walk);
    testSwitch(walk);
    testAfterwards(walk);

    test("every block of the page was done", () => {
      expect(page.undone()).toEqual([]);
    });
  },
);
