import { ERRORS, EXPLANATIONS, reasonsOf } from "./index.ts";

const HEAD = `# Errors

What a client sees, and the reasons that stand behind it in the log. Clients are told few words on
purpose: the log line with the answer's \`X-Request-Id\` has the reason. At a shell,
\`npm run -s cli -- explain CODE\` prints what stands here, and
\`npx wrangler tail | npm run -s cli -- explain ID\` tells the story of one request.

This page is written from \`src/management/explanations\` by \`npm run docs\`.
`;

/** The page docs/errors.md. */
export function errorsPage(): string {
  const sections = Object.entries(ERRORS).map(([error, meaning]) => {
    const reasons = reasonsOf(error).map(reasonSection);
    return [`## ${error}`, meaning, ...reasons].join("\n\n");
  });
  return `${[HEAD.trimEnd(), ...sections].join("\n\n")}\n`;
}

function reasonSection(reason: keyof typeof EXPLANATIONS): string {
  const { status, meaning, client, operator } = EXPLANATIONS[reason];
  return [
    `### ${reason}`,
    `Status ${status}. ${meaning}`,
    `- Client: ${client}\n- Operator: ${operator}`,
  ].join("\n\n");
}
