import { expect, test } from "vitest";
import { describeWithDebian } from "../support/debian.ts";
import { testAfterwards } from "../support/migration/afterwards.ts";
import { readWalkPage } from "../support/migration/page.ts";
import { testSideBySide } from "../support/migration/side-by-side.ts";
import { testSignIn } from "../support/migration/sign-in.ts";
import { testSwitch } from "../support/migration/switch.ts";
import { prepareWalk } from "../support/migration/walk.ts";

// Each test builds on the previous ones: it is one migration.
describeWithDebian(
  ["python3-django-oauth-toolkit", "gunicorn"],
  "docs/moving-from-django.md, walked from the top",
  () => {
    const page = readWalkPage("docs/moving-from-django.md");
    const walk = prepareWalk(page);
    testSideBySide(walk);
    testSignIn(walk);
    testSwitch(walk);
    testAfterwards(walk);

    test("every block of the page was done", () => {
      expect(page.undone()).toEqual([]);
    });
  },
);
