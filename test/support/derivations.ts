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

/** Derivations that wait for a test; see {@link holdDerivations}. */
interface HeldDerivations {
  /** How many of them wait. */
  waiting(): number;
  /** Lets all go on, and others begin. */
  release(): void;
}

/** Lets each call of PBKDF2 wait before it does its work. */
export function holdDerivations(): HeldDerivations {
  const { deriveBits } = crypto.subtle;
  const { promise: released, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  crypto.subtle.deriveBits = async (algorithm, key, length) => {
    if ((algorithm as { name: string }).name === "PBKDF2") {
      waiting += 1;
      await released;
    }
    return deriveBits.call(crypto.subtle, algorithm, key, length);
  };
  return {
    waiting: () => waiting,
    release() {
      crypto.subtle.deriveBits = deriveBits;
      resolve();
    },
  };
}
