import { html } from "hono/html";
import type { Html } from "./markup.ts";

/** A date and time in words, in UTC: the server does not know the user's time zone. */
export function timeHtml(locale: string, ms: number): Html {
  const format = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "UTC",
  });
  const date = new Date(ms);
  return html`<time datetime="${date.toISOString()}">${format.format(date)} UTC</time>`;
}

/** A wait in words, rounded up to whole units: "3 minutes". */
export function durationIn(locale: string, seconds: number): string {
  const [count, unit] = seconds < 60 ? [seconds, "second"] : [seconds / 60, "minute"];
  const style = { style: "unit", unit, unitDisplay: "long" } as const;
  return new Intl.NumberFormat(locale, style).format(Math.ceil(count));
}
