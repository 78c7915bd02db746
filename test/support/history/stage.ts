import type { Random } from "../random.ts";
import {
  accountsOf,
  type Registered,
  type RegisteredClient,
  type RegisteredUser,
  rulesOf,
} from "./accounts.ts";
import type { Caller, Result } from "./caller.ts";
import { type Act, chooseFault, chooseOperation } from "./choose.ts";
import type { FaultyBindings } from "./faults.ts";
import type { Accounts, Entry, Operation } from "./history.ts";
import type { Operator, Target } from "./operator.ts";
import { type Beginning, Session } from "./session.ts";
import type { Tally } from "./tally.ts";

/** How the service under test is set. */
export interface StageSettings {
  readonly retry: "reject" | "same-successor";
  readonly retryWindowMs: number;
}

/** A history while it is being made: who takes part, and who did what when. */
export class Stage {
  readonly sessions: Session[] = [];
  readonly #registered: Registered;
  readonly #tally: Tally;
  readonly #settings: StageSettings;
  /** Of the round that is being played. */
  readonly #operatorEntries: { target: Target; entry: Entry }[] = [];
  readonly #goingOn: Promise<unknown>[] = [];
  #order = 0;

  constructor(registered: Registered, tally: Tally, settings: StageSettings) {
    this.#registered = registered;
    this.#tally = tally;
    this.#settings = settings;
  }

  /** Logs a user in, with the current password or the one before. */
  async logIn(caller: Caller, random: Random, user: RegisteredUser): Promise<void> {
    const client = random.pick(this.#registered.clients);
    const accounts = accountsOf(user, client);
    const operation: Operation = { kind: "log in", password: user.password };
    const { result, entry } = await this.#record(caller, random, operation, () => {
      return caller.logIn(user, client, accounts.password);
    });
    if (result.pair === undefined) return;
    const session = this.#begin({ pair: result.pair }, user, client, accounts);
    session.entries.push(await entry);
    this.sessions.push(session);
  }

  /** A user signs in at the authorization endpoint, and consents. */
  async authorize(caller: Caller, random: Random, user: RegisteredUser): Promise<void> {
    const client = random.pick(this.#registered.clients);
    const accounts = accountsOf(user, client);
    const operation: Operation = { kind: "authorize", password: user.password };
    const { result, entry } = await this.#record(caller, random, operation, () => {
      return caller.authorize(user, client, accounts.password);
    });
    if (result.approval === undefined) return;
    const session = this.#begin(result.approval, user, client, accounts);
    session.entries.push(await entry);
    this.sessions.push(session);
  }

  #begin(
    beginning: Beginning,
    user: RegisteredUser,
    client: RegisteredClient,
    accounts: Accounts,
  ): Session {
    this.#tally.families += 1;
    const name = `family ${this.#tally.families} of ${user.username} by ${client.clientId}`;
    const rules = rulesOf(client, this.#settings.retry, this.#settings.retryWindowMs);
    return new Session(user, client, beginning, { name, rules, accounts });
  }

  /** A holder of a session's tokens uses them. */
  async use(caller: Caller, random: Random, session: Session): Promise<void> {
    const operation = chooseOperation(random, session);
    const { result, entry } = await this.#record(caller, random, operation, () => {
      return caller.perform(session, operation);
    });
    this.#goingOn.push(entry.then((done) => session.entries.push(done)));
    if (!("flaw" in operation) || operation.flaw !== null) return;
    const generation = operation.kind === "refresh" ? operation.generation : -1;
    session.noteAnswer(generation, result.answer);
    if (result.answer === "unknown") session.unanswered = operation;
    else if (operation === session.unanswered) session.unanswered = null;
    const violation = result.pair && session.learn(generation, result.pair);
    if (violation) this.#tally.complain(violation);
  }

  /** The operator does one thing, again and again until it is known to be done. */
  async operate(operator: Operator, random: Random, { target, operation }: Act): Promise<void> {
    for (let answer = ""; answer !== "done"; ) {
      const { result, entry } = await this.#record(operator, random, operation, () => {
        return operator.perform(target, operation);
      });
      // One thing after the other: also after what goes on in secret.
      this.#operatorEntries.push({ target, entry: await entry });
      answer = result.answer;
    }
    operator.remember(target, operation);
  }

  /** Ends a round in which no operation is pending. */
  async closeRound(startMs: number): Promise<void> {
    await Promise.all(this.#goingOn.splice(0));
    const lengthMs = Date.now() - startMs;
    const done = this.#operatorEntries.splice(0);
    for (const session of this.sessions) {
      const concerning = done.filter(({ target: { user, client } }) => {
        return user === session.user || client === session.client;
      });
      const entries = concerning.map(({ entry }) => entry);
      session.closeRound(startMs, lengthMs, entries);
    }
    this.#tally.rounds += 1;
  }

  async #record(
    { name, faults }: { readonly name: string; readonly faults: FaultyBindings },
    random: Random,
    operation: Operation,
    perform: () => Promise<Result>,
  ): Promise<{ result: Result; entry: Promise<Entry> }> {
    faults.arm(chooseFault(random, operation));
    this.#order += 1;
    const begunAt = this.#order;
    const result = await perform();
    const { answer, complaint } = result;
    const { fault, unseenRotations } = faults;
    // The last call of an outage is the one that the response is about.
    const unseenEffects = Math.max(0, unseenRotations - (answer === "unknown" ? 1 : 0));
    if (complaint !== undefined) this.#tally.complain(`${operation.kind}: ${complaint}`);
    const close = (): Entry => {
      this.#order += 1;
      const moment = { begunAt, endedAt: this.#order };
      const entry = { caller: name, operation, answer, ...moment, fault, unseenEffects };
      this.#tally.count(entry);
      return entry;
    };
    const later = faults.takeLater();
    return { result, entry: later === null ? Promise.resolve(close()) : later.then(close) };
  }
}
