import type { AuditLine } from "../../telemetry/audit-event.ts";
import type { RequestLine } from "../../telemetry/request-line.ts";
import { EXPLANATIONS, type Reason } from "./index.ts";

/** A line of the log, as far as it is there: it may be another version's, or edited. */
export type LogLine = Partial<Omit<RequestLine, "event">> & Partial<Omit<AuditLine, "event">>;

/** A line of the log and what it is about. */
export interface LogEvent extends LogLine {
  readonly event: "request" | "verify" | "manage" | "audit";
  readonly request_id: string;
}

const EVENTS: readonly string[] = ["request", "verify", "manage", "audit"];

/** Deepest nesting of whatever the log is wrapped into. */
const DEPTH_MAX = 6;

const OUTCOMES: Readonly<Record<string, string>> = {
  ok: "succeeded",
  refused: "was refused",
  unavailable: "could not be answered",
  error: "failed",
};

/**
 * Finds the service's own lines in one line of text: as they are, behind other words as
 * `wrangler tail` prints them, as a string inside its JSON, or wrapped into an object.
 */
export function eventsIn(text: string): LogEvent[] {
  const trimmed = text.trim().replace(/,$/, "");
  const start = trimmed.indexOf("{");
  return (
    [trimmed, start === -1 ? "" : trimmed.slice(start)]
      .map((candidate) => eventsWithin(parse(candidate), DEPTH_MAX))
      .find((events) => events.length > 0) ?? []
  );
}

function eventsWithin(value: unknown, depth: number): LogEvent[] {
  if (depth === 0) return [];
  if (typeof value === "string") {
    return value.startsWith("{") ? eventsWithin(parse(value), depth - 1) : [];
  }
  if (typeof value !== "object" || value === null) return [];
  if (isEvent(value)) return [value];
  return Object.values(value).flatMap((member) => eventsWithin(member, depth - 1));
}

function isEvent(value: object): value is LogEvent {
  const { event, request_id } = value as Record<string, unknown>;
  return EVENTS.includes(String(event)) && typeof request_id === "string";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Tells one request in words.
 *
 * @param audits the audit events of the same request
 */
export function storyOf(line: LogEvent, audits: readonly LogLine[]): string {
  const { event, request_id, method, endpoint, status, error, outcome = "" } = line;
  const places = {
    verify: "a call to TokenVerifier",
    manage: `a call to Management, ${endpoint},`,
    request: `${method} at ${endpoint ?? "no endpoint"}`,
  };
  const what = event === "audit" ? "an audit event" : places[event];
  const told = [status, error].filter((word) => word !== undefined).join(" ");
  const ending = `${OUTCOMES[outcome] ?? outcome}${told === "" ? "" : ` (${told})`}`;
  return [
    `${request_id}: ${what} ${ending}.`,
    ...namesIn(line),
    ...(line.reason === undefined ? [] : explain(line.reason)),
    ...failureIn(line),
    timesIn(line),
    ...audits.map(({ action, reason, family_id, actor_id, same_origin }) => {
      const who = actor_id === undefined ? [] : [`by ${actor_id}`];
      const login = family_id === undefined ? [] : [`login ${family_id}`];
      const origin =
        same_origin === undefined ? [] : [`from ${same_origin ? "the same" : "another"} address`];
      const why = reason === undefined ? [] : [reason];
      const more = [...why, ...origin, ...login, ...who].join(", ");
      return `Audit event: ${action}${more === "" ? "" : ` (${more})`}.`;
    }),
  ]
    .map(printable)
    .join("\n");
}

/** Says what one reason means, a line for each thing that it says. */
export function explain(reason: string): string[] {
  if (!Object.hasOwn(EXPLANATIONS, reason)) return [`Reason: ${reason}.`];
  const { status, error, meaning, client, operator } = EXPLANATIONS[reason as Reason];
  return [
    `Reason: ${reason} (${status} ${error}). ${meaning}`,
    `Client: ${client}`,
    `Operator: ${operator}`,
  ];
}

function namesIn({ client_id, grant_type, user_id }: LogLine): string[] {
  const names = Object.entries({ client: client_id, grant: grant_type, "user id": user_id });
  const known = names.filter(([, name]) => name !== undefined);
  return known.length === 0 ? [] : [known.map(([kind, name]) => `${kind} ${name}`).join(", ")];
}

function failureIn({ failure }: LogLine): string[] {
  if (failure === undefined) return [];
  const { name, message, frames = [] } = failure;
  return [
    `Failure: ${[name, message].filter(Boolean).join(": ")}`,
    ...frames.map((at) => `  ${at}`),
  ];
}

function timesIn({ duration_ms, operations = {}, repeats = 0 }: LogLine): string {
  const longest = Object.entries(operations).sort(([, one], [, other]) => other - one);
  const parts = longest.map(([name, ms]) => `${name} ${ms} ms`);
  const again = repeats > 0 ? `; ${repeats} repeated` : "";
  return `Took ${duration_ms} ms${parts.length > 0 ? `: ${parts.join(", ")}` : ""}${again}.`;
}

/** What comes in by a pipe must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
