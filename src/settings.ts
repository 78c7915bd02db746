/** The settings as the platform hands them over. Anything may be missing or odd. */
export type Settings = Readonly<Record<string, unknown>>;

/** The service is configured wrongly, and says so instead of starting. Quotes no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads one setting of a few words.
 *
 * @throws ConfigError
 */
export function choice<Option extends string>(
  settings: Settings,
  name: string,
  options: readonly Option[],
): Option {
  const value = text(settings, name);
  const option = options.find((candidate) => candidate === value);
  if (option === undefined) throw new ConfigError(`${name} must be ${options.join(" or ")}`);
  return option;
}

/**
 * Reads one setting that is a whole number, which is a number in wrangler.toml and a string from
 * `--var` or the dashboard.
 *
 * @throws ConfigError
 */
export function integer(settings: Settings, name: string, min: number, max: number): number {
  const value = settings[name];
  const number = typeof value === "string" && /^\d{1,12}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < min || number > max) {
    throw new ConfigError(`${name} must be a whole number from ${min} to ${max}`);
  }
  return number;
}

/** Whether a setting is absent, which an empty text is too. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/**
 * Reads one setting that is text.
 *
 * @throws ConfigError when it is absent
 */
export function text(settings: Settings, name: string): string {
  const value = settings[name];
  if (typeof value !== "string" || value === "") throw new ConfigError(`${name} is missing`);
  return value;
}
