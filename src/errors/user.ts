import { type ErrorRows, invalidRequest, type WireError } from "./row.ts";

const INVALID_CREDENTIALS: WireError = {
  status: 400,
  error: "invalid_grant",
  description: "Invalid credentials given.",
};

const SAME_RESPONSE = "The response is the same as for a wrong password, and takes as long.";

/** Reasons that lie in the user name or the password. */
export const USER = {
  username_missing: {
    ...invalidRequest("Request is missing username parameter."),
    meaning: "`username` is missing or empty.",
    fix: "Send the user name.",
  },
  password_missing: {
    ...invalidRequest("Request is missing password parameter."),
    meaning: "`password` is missing or empty.",
    fix: "Send the password.",
  },
  username_control_character: {
    ...invalidRequest("The username has a control character."),
    meaning: "`username` contains a control character, often a line break from a file.",
    fix: "Trim what you read from files and terminals.",
  },
  password_control_character: {
    ...invalidRequest("The password has a control character."),
    meaning: "`password` contains a control character, often a line break from a file.",
    fix: "Trim what you read from files and terminals.",
  },
  user_unknown: {
    ...INVALID_CREDENTIALS,
    meaning: `No user has this name. ${SAME_RESPONSE}`,
    fix: "Ask the user to check the name. Case matters, unless `USERNAMES` says otherwise.",
    operator:
      "Create the user: `user create NAME`. Many of these mean that someone guesses user names.",
  },
  user_inactive: {
    ...INVALID_CREDENTIALS,
    meaning: `The password was right, but the user is deactivated. ${SAME_RESPONSE}`,
    fix: "Ask the operator.",
    operator: "To activate the user: `user enable NAME`.",
  },
  password_wrong: {
    ...INVALID_CREDENTIALS,
    meaning: "The password is wrong. It is compared exactly as sent.",
    fix: "Ask the user to try again. Do not trim or change the input.",
    operator: "Many for one `user_id`, or from one client, mean that someone guesses passwords.",
  },
  password_unusable: {
    ...INVALID_CREDENTIALS,
    meaning: `The user has no usable password (Django's \`!\`). ${SAME_RESPONSE}`,
    fix: "Log the user in by another method.",
    operator: "If the user should log in by password, set one: `user set-password NAME`.",
  },
  password_too_long: {
    ...INVALID_CREDENTIALS,
    meaning: "The password is longer than 4,096 bytes. It is rejected without being hashed.",
    fix: "Send only the password.",
  },
} satisfies ErrorRows;
