import { placeOf } from "../admin/entries.ts";
import { invalid } from "../errors/management-error.ts";

/** Values of `${NAME}`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Maximum nesting depth; no valid file needs more. */
const DEPTH_MAX = 100;

/** `$${`, the escape of `${`, or `${NAME}`, possibly malformed. */
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}?/g;
const NAME = /^[A-Za-z_]\w*$/;

/**
 * Replaces variables in the strings of parsed JSON: `${NAME}` with the variable's value, `$${` with
 * `${`. Member names and other values stay unchanged.
 *
 * @throws ManagementError `invalid` with the place and name of every missing variable
 */
export function substituteVariables(json: unknown, variables: Variables): unknown {
  const problems: string[] = [];

  function substitute(value: unknown, path: readonly PropertyKey[]): unknown {
    if (path.length > DEPTH_MAX) throw invalid("file: nested too deeply");
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
      // Do not quote the text: it may be a secret that happens to contain `${`.
      const isName = NAME.test(name) && placeholder.endsWith("}");
      const found = isName && Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (found !== undefined) return found;
      const problem = isName
        ? `environment variable ${name} is not set`
        : "contains ${ without a variable name; to write these characters, use $${";
      problems.push(`${placeOf(path) || "file"}: ${problem}`);
      return "";
    });
  }

  const substituted = substitute(json, []);
  if (problems.length > 0) throw invalid(...problems);
  return substituted;
}

/** Escapes parsed JSON: the inverse of {@link substituteVariables}. */
export function escapeVariables(json: unknown): unknown {
  if (typeof json === "string") return json.replaceAll("${", () => "$${");
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(escapeVariables);
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, escapeVariables(value)]),
  );
}
