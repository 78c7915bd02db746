import { placeOf } from "../admin/entries.ts";
import { invalid } from "../errors/management-error.ts";

/** What `${NAME}` may stand for. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Deepest nesting that is looked into; nothing in a file needs more. */
const DEPTH_MAX = 100;

/** `$${`, which stands for itself, or `${` with what is to be a name. */
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}?/g;
const NAME = /^[A-Za-z_]\w*$/;

/**
 * Puts variables into the strings of parsed JSON: `${NAME}` is the variable's value, `$${` the
 * characters `${`. Names of members and values that are no strings stay as they are.
 *
 * @throws ManagementError `invalid` that names the place and the variable of every one missing
 */
export function substituteVariables(json: unknown, variables: Variables): unknown {
  const problems: string[] = [];

  function substitute(value: unknown, path: readonly PropertyKey[]): unknown {
    if (path.length > DEPTH_MAX) throw invalid("file: is nested too deeply");
    if (typeof value === "string") return fill(value, path);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => substitute(item, [...path, index]));
    const members = Object.entries(value);
    return Object.fromEntries(
      members.map(([key, item]) => [key, substitute(item, [...path, key])]),
    );
  }

  function fill(text: string, path: readonly PropertyKey[]): string {
    return text.replace(PLACEHOLDER, (placeholder, name: string | undefined) => {
      if (name === undefined) return "${";
      // What stands there may be a secret that has `${` in it by chance, so it is not quoted.
      const isName = NAME.test(name) && placeholder.endsWith("}");
      const found = isName && Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (found !== undefined) return found;
      const problem = isName
        ? `the environment has no variable ${name}`
        : "has ${ without the name of a variable; for the characters themselves write $${";
      problems.push(`${placeOf(path) || "file"}: ${problem}`);
      return "";
    });
  }

  const substituted = substitute(json, []);
  if (problems.length > 0) throw invalid(...problems);
  return substituted;
}

/** Writes parsed JSON so that {@link substituteVariables} gives it back. */
export function escapeVariables(json: unknown): unknown {
  if (typeof json === "string") return json.replaceAll("${", () => "$${");
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(escapeVariables);
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, escapeVariables(value)]),
  );
}
