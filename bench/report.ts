import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_DIR } from "../src/cli/project.ts";
import type { Comparison, Plan } from "./compare.ts";
import type { Peer } from "./peers.ts";
import type { Scenario } from "./scenarios.ts";

/** One row of the table. */
export interface Line {
  readonly scenario: Scenario;
  readonly comparison: Comparison;
  readonly isMissed: boolean;
}

/** One row of the table of peers. */
export interface PeerLine {
  readonly peer: Peer;
  readonly comparison: Comparison;
  readonly isMissed: boolean;
}

const PAGE = join(PROJECT_DIR, "docs/performance.md");
const BEGIN = "<!-- npm run bench -- --write -->";
const BEGIN_LATENCY = "<!-- npm run bench -- latency --write -->";
const END = "<!-- end -->";

/** The figures as a table of Markdown. */
export function tableOf(lines: readonly Line[]): string {
  return [
    "| request | a second | p50 ms | p99 ms | CPU ms | floor a second | throughput of floor | CPU of floor | target |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines.map(({ scenario, comparison, isMissed }) => {
      const { one, other, throughputRatio, processorRatio } = comparison;
      const cells = [
        scenario.name,
        one.perSecond.toFixed(0),
        one.p50Ms.toFixed(1),
        one.p99Ms.toFixed(1),
        one.processorMsEach.toFixed(2),
        other.perSecond.toFixed(0),
        throughputRatio.toFixed(2),
        processorRatio.toFixed(2),
        targetOf(scenario, isMissed),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}

function targetOf({ target }: Scenario, isMissed: boolean): string {
  if (target === undefined) return "";
  const bound = target.of === "throughput" ? `≥ ${target.bound}` : `CPU ≤ ${target.bound}`;
  return isMissed ? `**${bound} missed**` : `${bound} met`;
}

/** The figures of other servers as a table of Markdown. */
export function peerTableOf(lines: readonly PeerLine[]): string {
  return [
    "| refresh, 8 connections | tokens stored in | a second | CPU ms | Tollgate a second | Tollgate, times its throughput |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines.map(({ peer, comparison: { one, other, throughputRatio } }) => {
      const figures = [other.perSecond.toFixed(0), other.processorMsEach.toFixed(2)];
      const ours = [one.perSecond.toFixed(0), throughputRatio.toFixed(2)];
      return `| ${[peer.name, peer.storage, ...figures, ...ours].join(" | ")} |`;
    }),
  ].join("\n");
}

/** Renews what the documents say. */
export function writeReport(
  lines: readonly Line[],
  peerLines: readonly PeerLine[],
  conditions: Plan & { readonly stateOn: string },
): void {
  const tables = [tableOf(lines), ...(peerLines.length > 0 ? [peerTableOf(peerLines)] : [])];
  const measured = { on: new Date().toISOString().slice(0, 10), ...conditions };
  writeTables(BEGIN, tables.join("\n\n"));
  const figures = lines.map(({ scenario, comparison }) => {
    const { name, connections, floor } = scenario;
    return { name, connections, floor, ...comparison };
  });
  const peers = peerLines.map(({ peer: { name, storage }, comparison }) => {
    return { name, storage, ...comparison };
  });
  const json = JSON.stringify({ measured, figures, peers }, null, 2);
  writeFileSync(join(PROJECT_DIR, "docs/performance.json"), `${json}\n`);
  writeFileSync(join(PROJECT_DIR, "docs/performance.svg"), chartOf(lines));
}

/** Renews the table of latencies. */
export function writeLatency(table: string): void {
  writeTables(BEGIN_LATENCY, table);
}

function writeTables(begin: string, tables: string): void {
  const page = readFileSync(PAGE, "utf8");
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(END, from);
  writeFileSync(PAGE, `${page.slice(0, from)}\n\n${tables}\n\n${page.slice(to)}`);
}

const ROW = 26;
const LEFT = 230;
const WIDTH = 420;

/** Throughput as a part of the floor's, one bar a scenario. */
function chartOf(lines: readonly Line[]): string {
  const height = lines.length * ROW + 40;
  const rows = lines.map(({ scenario, comparison: { throughputRatio: ratio } }, index) => {
    const y = 30 + index * ROW;
    const width = Math.min(1.1, ratio) * WIDTH;
    return [
      `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${scenario.name}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="18" fill="#2f6f8f"/>`,
      `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 13}">${ratio.toFixed(2)}</text>`,
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH * 1.1 + 50} ${height}" font-family="system-ui, sans-serif" font-size="13">
<title>Throughput, as a part of the floor's</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="18">throughput, as a part of the floor's</text>
<line x1="${LEFT + WIDTH}" y1="26" x2="${LEFT + WIDTH}" y2="${height - 8}" stroke="#999" stroke-dasharray="4"/>
${rows.join("\n")}
</svg>
`;
}
