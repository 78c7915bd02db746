import { invalid } from "../errors/management-error.ts";
import { listCommonPasswords } from "./common-passwords.ts";
import type { AdminDeps } from "./deps.ts";

/** What {@link makePassword} writes with: no two symbols look alike, and 32 divides 256. */
const SYMBOLS = "0123456789abcdefghjkmnpqrstvwxyz";

/** Symbols between two hyphens of a password that is made here. */
const GROUP_SYMBOLS = 5;

/** Five groups of five symbols of 5 bits: 125 bits. */
const GROUPS_MIN = 5;

/**
 * Refuses what NIST SP 800-63B §3.1.1.2 refuses: too short, among the commonest, the name itself,
 * one unit again and again, a straight run. No rule of composition: those make worse passwords.
 *
 * @throws ManagementError `invalid` that does not quote the password
 */
export function requireGoodPassword(
  password: string,
  username: string,
  { passwordLengthMin }: Pick<AdminDeps, "passwordLengthMin">,
): void {
  const problem = problemOfPassword(password, username, passwordLengthMin);
  if (problem !== null) throw invalid(`password: ${problem}`);
}

/** What is wrong with a new password, or null. @param lengthMin in characters (code points) */
export function problemOfPassword(
  password: string,
  username: string,
  lengthMin: number,
): string | null {
  const symbols = [...password.toLowerCase()];
  if ([...password].length < lengthMin) return `is shorter than ${lengthMin} characters`;
  if (listCommonPasswords().has(symbols.join(""))) return "is one of the commonest";
  if (symbols.join("") === username.toLowerCase()) return "is the user name";
  if (isRepetition(symbols.join(""))) return "is one part again and again";
  if (isRun(symbols)) return "is a run of neighbours";
  return null;
}

/** Makes a password that people can type, of 125 bits, and longer where the policy says so. */
export function makePassword({
  random,
  passwordLengthMin,
}: Pick<AdminDeps, "random" | "passwordLengthMin">): string {
  const groups = Math.max(GROUPS_MIN, Math.ceil((passwordLengthMin + 1) / (GROUP_SYMBOLS + 1)));
  const one = () => [...random(GROUP_SYMBOLS)].map((byte) => SYMBOLS[byte % SYMBOLS.length]);
  return Array.from({ length: groups }, () => one().join("")).join("-");
}

/** A text that stands in its own double elsewhere than at both ends is one part repeated. */
function isRepetition(text: string): boolean {
  return (text + text).indexOf(text, 1) < text.length;
}

/** Each symbol one above, or each one below, the one before, as in `12345678` and `hgfedcba`. */
function isRun(symbols: readonly string[]): boolean {
  const codes = symbols.map((symbol) => symbol.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return [1, -1].some((step) => steps.every((each) => each === step));
}
