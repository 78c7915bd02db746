import { importJWK, type JWK } from "jose";
import type { KnownAlgorithm } from "./jwk-check.ts";

const RSA_MODULUS =
  "zZ1mB3tqI2SYzY5BupfeknW_qC1D6Rx1e6B0JXctntIUBTLSjT5V2QpWg7bAVRshhTuVTRK0jodd" +
  "KuOUm87EyNRqxVkbwdAESYV-J7PtYGPkEY2Z7HmwsS_fudyIC_ZuxmvCzyEhIR9_DXORNeLfQBtj" +
  "deQlK25XkTd_zDq3j8lYrM44fzPBC0i9-_ZF4JV0DBVOBU-5Vl-pSC1MFEJ4okxKQ7LT_k-kYE_h" +
  "0Gb9kQgHNaVwW1nturEU_WkxvgE_Cymrg4u7VGUJYf05Y8g9lyBKFj1MuTcfHEMEVVXTnAyDSgvd" +
  "rveP6I_4u5LXab9lMh-68CacN-VF2h4uI0Cd9Q";

/**
 * Public keys whose private halves were discarded. They are constants, since generating an RSA key
 * takes a tenth of a second. Security does not depend on the private halves: whatever a dummy key
 * verifies is rejected, even with a valid signature.
 */
const DUMMY_KEYS: Readonly<Record<Exclude<KnownAlgorithm, "Ed25519">, JWK>> = {
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
 * A key for an algorithm, so that verifying a signature takes the same time whether or not the
 * client has a key. Imported like a real one.
 */
export async function dummyKey(algorithm: KnownAlgorithm): Promise<CryptoKey> {
  const jwk = DUMMY_KEYS[algorithm === "Ed25519" ? "EdDSA" : algorithm];
  return (await importJWK(jwk, algorithm)) as CryptoKey;
}
