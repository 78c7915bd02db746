import { expect, test } from "vitest";
import { describeWithDebian, PYTHON, succeeds } from "../support/debian.ts";
import { testAfterwards } from "../support/walk/afterwards.ts";
import { readWalkPage } from "../support/walk/page.ts";
import { testSideBySide } from "../support/walk/side-by-side.ts";
import { testSwitch } from "../support/walk/switch.ts";
import { prepareWalk } from "../support/walk/walk.ts";

const PACKAGES = "python3-django-oauth-toolkit and gunicorn";
const areInstalled = succeeds(PYTHON, "-c", "import oauth2_provider, gunicorn");

// Every test stands on those before it: it is one afternoon.
describeWithDebian(
  "docs/moving-from-django.md, walked from the top",
  PACKAGES,
  areInstalled,
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
