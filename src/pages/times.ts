import { html } from "hono/html";
import type { Html } from "./markup.ts";

const DAY = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" } as const;
const TIME = { hour: "2-digit", minute: "2-digit" } as const;

/** A date and time in words, in UTC: the server does not know the user's time zone. */
export function timeHtml(locale: string, ms: number): Html {
  const date = new Date(ms);
  const text = new Intl.DateTimeFormat(locale, { ...DAY, ...TIME }).format(date);
  return html`<time datetime="${date.toISOString()}">${text} UTC</time>`;
}

/** A date in words, for instants that are known to the day. */
export function dayHtml(locale: string, ms: number): Html {
  const date = new Date(ms);
  const text = new Intl.DateTimeFormat(locale, DAY).format(date);
  return html`<time datetime="${date.toISOString().slice(0, 10)}">${text}</time>`;
}

/** A wait in words, rounded up to whole units: "3 minutes". */
export function durationIn(locale: string, seconds: number): string {
  const [count, unit] = seconds < 60 ? [seconds, "second"] : [seconds / 60, "minute"];
  const style = { style: "unit", unit, unitDisplay: "long" } as const;
  return new Intl.NumberFormat(locale, style).format(Math.ceil(count));
}
