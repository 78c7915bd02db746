/** A command cannot be done, for a reason that the person at the shell can mend. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
