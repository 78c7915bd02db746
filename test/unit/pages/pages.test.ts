import { describe, expect, test } from "vitest";
import { createBrand } from "../../../src/pages/brand.ts";
import { brandedPolicy } from "../../../src/pages/layout.ts";
import { chooseLanguage } from "../../../src/pages/page-context.ts";
import { HOSTILE, SAMPLE_PAGES } from "../../support/sample-pages.ts";

const BRAND = await createBrand({ name: HOSTILE, logo: null, color: "#c2410c" });
const LANGUAGES = ["en", "de"] as const;

describe.each(Object.entries(SAMPLE_PAGES))("the page %j", (_, render) => {
  test.each(LANGUAGES)("in %s escapes all values and leaves no template behind", (language) => {
    const page = render({ brand: BRAND, language });
    expect(page).toContain(`<html lang="${language}" dir="ltr">`);
    expect(page).not.toMatch(/<script|=>|\[object|undefined|\bnull\b| style="/);
    // A quote that ended an attribute's value would leave "& behind.
    expect(page).not.toContain(`"'&`);
  });

  test("has no text that is not translated", () => {
    const [english, german] = LANGUAGES.map((language) => {
      const page = render({ brand: BRAND, language }).replace(/<style>.*?<\/style>/gs, "");
      return [...page.matchAll(/<(h1|h2|label|button)\b[^>]*>(.*?)<\/\1>/gs)].map(([, , text]) => {
        return text;
      });
    });
    expect(english).not.toEqual([]);
    expect(german?.filter((text) => english?.includes(text))).toEqual([]);
  });
});

const CONTEXT = {
  brand: await createBrand({ name: "x", logo: null, color: null }),
  language: "en",
} as const;

/** All `name="value"` that the forms of a page can send. */
function fieldsOf(sample: string): string[] {
  const page = SAMPLE_PAGES[sample]?.(CONTEXT) ?? "";
  return [...page.matchAll(/<(?:input|button)\b[^>]*>/g)].flatMap(([tag]) => {
    const [, name] = / name="([^"]*)"/.exec(tag) ?? [];
    const [, value] = / value="([^"]*)"/.exec(tag) ?? [];
    const [, autocomplete] = / autocomplete="([^"]*)"/.exec(tag) ?? [];
    return name === undefined
      ? []
      : [`${name}=${value ?? ""}${autocomplete ? ` (${autocomplete})` : ""}`];
  });
}

describe("forms send what their endpoint reads:", () => {
  test.each([
    [
      "sign-in",
      [
        "sealed_form=sealed_request",
        "username= (username)",
        "password= (current-password)",
        "shared_device=1",
      ],
    ],
    ["choose account", ["sealed_form=sealed_request", "account=continue", "account=switch"]],
    [
      "consent",
      ["sealed_form=sealed_request", "account=switch", "decision=deny", "decision=allow"],
    ],
    [
      "account",
      [
        ...["sealed_form=sealed_request", "sign_out=1", "end_session=s3", "end_session=s2"],
        ...["end_login=l1", "end_all=1", "revoke=c1"],
      ],
    ],
    ["account empty", ["sealed_form=sealed_request", "sign_out=1"]],
    ["error mismatch", []],
  ])("%s", (sample, fields) => {
    expect(fieldsOf(sample)).toEqual(fields);
  });
});

describe("the text of a page", () => {
  test.each([
    ["consent", /<h1><strong><bdi>Photo Printer/],
    ["consent", /Look at your photos.*<code><bdi>orders.write.*photos<wbr>.example<wbr>.com/s],
    ["consent unregistered", /<h1><code><bdi>photos<wbr>.example.*Unverified application/s],
    ["consent unregistered loopback", /<h1>A program on this computer/],
    ["consent loopback", /class="warning"><strong>A program on this computer/],
    ["consent preview", /class="warning"><strong>This is a preview version/],
    ["sign-in failed", /<title>Error: .*role="alert".*aria-describedby="problem"/s],
    ["sign-in throttled", /Try again in 3 minutes\./],
    ["error mismatch", /\/oauth\/callback<mark>\/<\/mark>/],
    ["error hostile", /<h1>Invalid request/],
    ["account", /Firefox on Linux.*Unknown device.*curl/s],
    ["account", /<time datetime="2026-11-30T06:45:00.000Z">30 November 2026 at 06:45 UTC/],
  ])("%s: %s", (sample, expected) => {
    expect(SAMPLE_PAGES[sample]?.(CONTEXT)).toMatch(expected);
  });
});

describe("the language of a page", () => {
  test.each([
    [undefined, null, "en"],
    [undefined, "de", "de"],
    [undefined, "fr, de-AT;q=0.8, en;q=0.9", "en"],
    [undefined, "en;q=0, DE-at;q=0.1", "de"],
    [undefined, "fr,*;q=0.5", "en"],
    ["fr-CA de-DE", "en", "de"],
    ["", "de", "de"],
    ["constructor", ";;q=,", "en"],
  ])("for ui_locales %j and Accept-Language %j is %s", (uiLocales, header, language) => {
    expect(chooseLanguage(uiLocales, header)).toBe(language);
  });
});

describe("the colour of a brand", () => {
  test.each([
    ["#ffff00", "#000"],
    ["#C2410C", "#fff"],
    ["#757575", "#fff"],
    ["#767676", "#000"],
  ])("%s has text in %s", async (color, text) => {
    const { style } = await createBrand({ name: "x", logo: null, color });
    expect(style?.css).toBe(`:root{--accent:${color};--on-accent:${text}}`);
  });

  test.each(["red", "#fff", "#000000}*{display:none"])("is not %j", async (color) => {
    await expect(createBrand({ name: "x", logo: null, color })).rejects.toThrow("Invalid colour");
  });
});

test.each([
  ["anywhere", null],
  ["self", "form-action 'self'"],
  ["none", "form-action 'none'"],
] as const)("the policy of a page whose forms go to %s", async (forms, directive) => {
  const policy = brandedPolicy(BRAND, forms).split("; ");
  const page = SAMPLE_PAGES["consent"]?.({ brand: BRAND, language: "en" }) ?? "";
  const hashes = await Promise.all(
    [...page.matchAll(/<style>(.*?)<\/style>/gs)].map(async ([, css]) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(css));
      return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
    }),
  );
  expect(policy).toEqual([
    "default-src 'none'",
    `style-src ${hashes.join(" ")}`,
    "img-src data: 'self'",
    "base-uri 'none'",
    ...(directive === null ? [] : [directive]),
    "frame-ancestors 'none'",
  ]);
});
