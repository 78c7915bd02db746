import { CATALOGUE, ERROR_CODES, type ErrorCode, type ErrorRow } from "../../errors/index.ts";

const HEAD = `# Errors

What callers see as \`error\` (in the management API, as the end of the problem's \`type\`), and the
reasons behind it. Responses say little on purpose: the log line with the response's
\`X-Request-Id\` has the reason. \`npm run -s cli -- explain CODE\` prints the same text.

\`npm run docs\` generates this page from \`src/errors\`.
`;

/** The page docs/errors.md. */
export function errorsPage(): string {
  const sections = Object.entries(ERROR_CODES).map(([code, { title, advice }]) => {
    const reasons = listReasons(code as ErrorCode).map(reasonSection);
    return [`## ${code}`, `${title} ${advice}`, ...reasons].join("\n\n");
  });
  return `${[HEAD.trimEnd(), ...sections].join("\n\n")}\n`;
}

/** The reasons behind an `error`, with their rows. */
export function listReasons(code: ErrorCode): [reason: string, row: ErrorRow][] {
  return Object.entries(CATALOGUE).filter(([, row]) => row.error === code);
}

function reasonSection([reason, row]: [reason: string, row: ErrorRow]): string {
  const { status, meaning, fix, operator } = row;
  const advice = [
    `- Client: ${fix}`,
    ...(operator === undefined ? [] : [`- Operator: ${operator}`]),
  ];
  return [`### ${reason}`, `Status ${status}. ${meaning}`, advice.join("\n")].join("\n\n");
}
