/** The prime and the coefficient of NIST P-256 (SP 800-186 §3.2.1.3): y² = x³ - 3x + b mod p. */
const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const COEFFICIENT = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** Whether two coordinates are a point on P-256: WebCrypto imports no other public key. */
export function isOnP256(x: bigint, y: bigint): boolean {
  if (x >= PRIME || y >= PRIME) return false;
  return (y * y - (x * x * x - 3n * x + COEFFICIENT)) % PRIME === 0n;
}
