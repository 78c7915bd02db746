import { secureRandom } from "../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../../src/crypto/passwords.ts";

/** A client that `apply` takes, whose secret was rotated by `client rotate`: both secrets are valid. */
export async function clientOfTwoSecrets(clientId: string): Promise<object> {
  const { clientSecrets } = await createPasswordKinds({
    passwordHashRounds: 1,
    passwordPepper: null,
    random: secureRandom,
    deriveLong: longPbkdf2,
  });
  const previous = await clientSecrets.makeHash("the old secret");
  return {
    client_id: clientId,
    grant_types: ["client_credentials"],
    secret_record: await clientSecrets.makeHash("the new secret", previous),
    previous_secret_record: previous,
  };
}
