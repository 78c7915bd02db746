import { invalid } from "../errors/management-error.ts";
import { listCommonPasswords } from "./common-passwords.ts";
import type { AdminDeps } from "./deps.ts";

/** Symbols of {@link makePassword}: none look alike, and their number, 32, divides 256. */
const SYMBOLS = "0123456789abcdefghjkmnpqrstvwxyz";

/** Symbols between two hyphens of a generated password. */
const GROUP_SYMBOLS = 5;

/** Five groups of five symbols of 5 bits: 125 bits. */
const GROUPS_MIN = 5;

/**
 * Rejects the passwords of NIST SP 800-63B §3.1.1.2: too short, common, the user name, a repeated
 * part, or a sequence. There are no composition rules: they lead to worse passwords.
 *
 * @throws ManagementError `invalid`; the message does not quote the password
 */
export function requireGoodPassword(
  password: string,
  username: string,
  { passwordLengthMin }: Pick<AdminDeps, "passwordLengthMin">,
): void {
  const problem = problemOfPassword(password, username, passwordLengthMin);
  if (problem !== null) throw invalid(`password: ${problem}`);
}

/** The problem with a new password, or null. @param lengthMin in characters (code points) */
export function problemOfPassword(
  password: string,
  username: string,
  lengthMin: number,
): string | null {
  const symbols = [...password.toLowerCase()];
  if ([...password].length < lengthMin) return `is shorter than ${lengthMin} characters`;
  if (listCommonPasswords().has(symbols.join(""))) return "is a common password";
  if (symbols.join("") === username.toLowerCase()) return "is the same as the user name";
  if (isRepetition(symbols.join(""))) return "repeats one part";
  if (isSequence(symbols)) return "is a sequence such as 12345678";
  return null;
}

/** Generates a password of at least 125 bits that is easy to type. */
export function makePassword({
  random,
  passwordLengthMin,
}: Pick<AdminDeps, "random" | "passwordLengthMin">): string {
  const groups = Math.max(GROUPS_MIN, Math.ceil((passwordLengthMin + 1) / (GROUP_SYMBOLS + 1)));
  const one = () => [...random(GROUP_SYMBOLS)].map((byte) => SYMBOLS[byte % SYMBOLS.length]);
  return Array.from({ length: groups }, () => one().join("")).join("-");
}

/** A text is a repetition if it occurs in its own double at a position between both ends. */
function isRepetition(text: string): boolean {
  return (text + text).indexOf(text, 1) < text.length;
}

/** Whether each symbol follows, or each precedes, the previous one: `12345678`, `hgfedcba`. */
function isSequence(symbols: readonly string[]): boolean {
  const codes = symbols.map((symbol) => symbol.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return [1, -1].some((step) => steps.every((each) => each === step));
}
