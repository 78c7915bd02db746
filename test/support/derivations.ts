/**
 * Counts the work of PBKDF2 over the real WebCrypto.
 *
 * @returns the iterations of each call that `work` made, in order, also when `work` throws
 */
export async function derivationsOf(work: () => Promise<unknown>): Promise<number[]> {
  const calls: number[] = [];
  const { deriveBits } = crypto.subtle;
  crypto.subtle.deriveBits = (algorithm, key, length) => {
    const { name, iterations } = algorithm as { name: string; iterations?: number };
    if (name === "PBKDF2") calls.push(iterations ?? 0);
    return deriveBits.call(crypto.subtle, algorithm, key, length);
  };
  try {
    await work().catch(() => undefined);
  } finally {
    crypto.subtle.deriveBits = deriveBits;
  }
  return calls;
}
