import { secureRandom } from "../../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../../../src/crypto/passwords.ts";
import { apply } from "../../../src/declarative/apply.ts";
import { parseRegistryFile } from "../../../src/declarative/registry-file.ts";
import { Unavailable } from "../../../src/errors/refusal.ts";
import { createRegistry, type RegistryWrite } from "../../../src/storage/registry.ts";
import type { Random } from "../random.ts";
import type { RegistryEntries } from "../service-database.ts";
import { wholeEntries } from "../whole-entries.ts";
import {
  clientEntry,
  FOREIGN_CLIENT,
  type Registered,
  type RegisteredClient,
  type RegisteredUser,
} from "./accounts.ts";
import type { Result } from "./caller.ts";
import type { ShiftedClock } from "./clock.ts";
import { FaultyBindings } from "./faults.ts";
import type { Operation } from "./history.ts";

/** The user or client that the operator changes: only one at a time. */
export type Target =
  | { readonly user: RegisteredUser; readonly client: null }
  | { readonly user: null; readonly client: RegisteredClient };

/** The operator: the only one who changes users and clients, one thing after the other. */
export class Operator {
  readonly name = "operator";
  readonly faults: FaultyBindings;
  readonly #database: D1Database;

  constructor(random: Random, clock: ShiftedClock) {
    this.faults = new FaultyBindings(random);
    this.#database = clock.database(this.faults.bindings.DB);
  }

  /** Creates the row of every user and client. */
  async register({ clients, users }: Registered): Promise<void> {
    await this.#apply({
      clients: [...clients, FOREIGN_CLIENT].map((client) => {
        const secret = client.secret === null ? {} : { client_secret: client.secret };
        return { ...clientEntry(client), ...secret };
      }),
      users: users.map(({ username, password }) => ({ username, password })),
    });
  }

  /** Does one thing to a user or client. Doing it again after an outage is harmless. */
  async perform(target: Target, operation: Operation): Promise<Result> {
    try {
      if (target.user === null) await this.#changeClient(target.client, operation);
      else await this.#changeUser(target.user, operation);
      return { answer: "done" };
    } catch (error) {
      if (error instanceof Unavailable) return { answer: "unknown" };
      throw error;
    }
  }

  /** Notes what is known to be done. */
  remember({ user, client }: Target, operation: Operation): void {
    if (user !== null && operation.kind === "set password") user.password = operation.password;
    if (user !== null && operation.kind === "set active") user.isActive = operation.isActive;
    if (client !== null && operation.kind === "set disabled") {
      client.isDisabled = operation.isDisabled;
    }
  }

  async #changeUser(user: RegisteredUser, operation: Operation): Promise<void> {
    const { username } = user;
    if (operation.kind === "end sessions") {
      return this.#write({ kind: "update_user", username, fields: {}, endsSessions: true });
    }
    if (operation.kind === "set password") {
      const { password } = operation;
      return this.#apply({ users: [{ username, password, is_active: user.isActive }] });
    }
    if (operation.kind !== "set active") throw new TypeError(operation.kind);
    return this.#apply({ users: [{ username, is_active: operation.isActive }] });
  }

  async #changeClient(client: RegisteredClient, operation: Operation): Promise<void> {
    const { clientId } = client;
    if (operation.kind === "end sessions") {
      return this.#write({ kind: "update_client", clientId, fields: {}, endsSessions: true });
    }
    if (operation.kind !== "set disabled") throw new TypeError(operation.kind);
    const { isDisabled } = operation;
    return this.#apply({ clients: [clientEntry({ ...client, isDisabled })] });
  }

  #write(write: RegistryWrite): Promise<void> {
    return createRegistry(this.#database).write([write]);
  }

  async #apply(file: RegistryEntries): Promise<void> {
    const options = {
      passwordHashRounds: 1,
      passwordPepper: null,
      random: secureRandom,
      deriveLong: longPbkdf2,
    };
    await apply(parseRegistryFile(JSON.stringify(wholeEntries(file))), {
      registry: createRegistry(this.#database),
      ...(await createPasswordKinds(options)),
      passwordLengthMin: 8,
      newUserId: () => crypto.randomUUID(),
    });
  }
}
