/**
 * Counts calls of the real WebCrypto that take work, such as `{ deriveBits: 1, sign: 1 }`.
 *
 * @returns what `work` called, also when it throws
 */
export async function webCryptoCallsOf(
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const names = ["deriveBits", "importKey", "sign", "verify"] as const;
  const originals = names.map((name) => [name, crypto.subtle[name]] as const);
  for (const [name, original] of originals) {
    const counted = (...args: unknown[]) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return Reflect.apply(original, crypto.subtle, args);
    };
    Object.assign(crypto.subtle, { [name]: counted });
  }
  try {
    await work().catch(() => undefined);
  } finally {
    for (const [name, original] of originals) Object.assign(crypto.subtle, { [name]: original });
  }
  return counts;
}
