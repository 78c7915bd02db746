import { importJWK, type JWK } from "jose";
import type { KnownAlgorithm } from "./jwk-check.ts";

const RSA_MODULUS =
  "zZ1mB3tqI2SYzY5BupfeknW_qC1D6Rx1e6B0JXctntIUBTLSjT5V2QpWg7bAVRshhTuVTRK0jodd" +
  "KuOUm87EyNRqxVkbwdAESYV-J7PtYGPkEY2Z7HmwsS_fudyIC_ZuxmvCzyEhIR9_DXORNeLfQBtj" +
  "deQlK25XkTd_zDq3j8lYrM44fzPBC0i9-_ZF4JV0DBVOBU-5Vl-pSC1MFEJ4okxKQ7LT_k-kYE_h" +
  "0Gb9kQgHNaVwW1nturEU_WkxvgE_Cymrg4u7VGUJYf05Y8g9lyBKFj1MuTcfHEMEVVXTnAyDSgvd" +
  "rveP6I_4u5LXab9lMh-68CacN-VF2h4uI0Cd9Q";

/**
 * Public keys of nobody: their private halves were thrown away when they were made. They are fixed,
 * since making one of RSA takes a tenth of a second. Nothing depends on that nobody has the private
 * halves: who asks for a decoy takes no signature, not even a right one.
 */
const DECOYS: Readonly<Record<Exclude<KnownAlgorithm, "Ed25519">, JWK>> = {
  ES256: {
    kty: "EC",
    crv: "P-256",
    x: "mWFwnX70CTz2QlV99IS_D-LyGMM6AK_07JtfP91hucw",
    y: "3n4n-2Y5nlbwXDKdtzedNdIOZx9V9MNgjFrvXG1nAA0",
  },
  EdDSA: { kty: "OKP", crv: "Ed25519", x: "MkZhEkN8Lh31TBmPUHi9IpI5oTAJJUWT6ObfZAjqW2s" },
  RS256: { kty: "RSA", n: RSA_MODULUS, e: "AQAB" },
};

/**
 * A key of the kind that an algorithm needs, so that a signature costs the same work whether or not
 * there is a key to verify it with. It is imported as a real one is.
 */
export async function decoyKey(algorithm: KnownAlgorithm): Promise<CryptoKey> {
  const jwk = DECOYS[algorithm === "Ed25519" ? "EdDSA" : algorithm];
  return (await importJWK(jwk, algorithm)) as CryptoKey;
}
