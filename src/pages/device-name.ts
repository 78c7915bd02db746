import type { Texts } from "./texts/index.ts";

/** Browsers by a product of their `User-Agent`. Most name others too: the first match counts. */
const BROWSERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\b(?:OPR|OPT|OPiOS)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|Chromium|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

/** As {@link BROWSERS}. iPadOS says that it is a Mac. */
const SYSTEMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** Longest name of an unknown program that is shown. */
const NAME_CHARACTERS_MAX = 40;

/** Names a device as its owner would: "Firefox on Windows". @param userAgent the header */
export function deviceName(userAgent: string, text: Texts["account"]): string {
  const browser = nameIn(BROWSERS, userAgent);
  const system = nameIn(SYSTEMS, userAgent);
  if (browser !== null && system !== null) return text.device(browser, system);
  // Programs call themselves "name/version".
  const program = /^[\w. -]+/.exec(userAgent)?.[0].slice(0, NAME_CHARACTERS_MAX);
  return browser ?? system ?? program ?? text.unknownDevice;
}

function nameIn(table: typeof BROWSERS, userAgent: string): string | null {
  return table.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;
}
