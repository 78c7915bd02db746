/** What a token can allow here, and what people are told about it. */
export const SCOPES = {
  "notes:read": "Read your notes",
  "notes:write": "Add notes",
} as const;
