import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type Clone, makeClone } from "../clone.ts";
import { type DjangoSite, startDjangoSite } from "../django/django-site.ts";
import { readRegistry } from "../local-database.ts";
import { temporaryDir } from "../server.ts";
import { ACCOUNTS, CLIENTS } from "./accounts.ts";
import { type Answer, postTo } from "./old-and-new.ts";
import { createOperator, type Operator } from "./operator.ts";
import type { WalkPage } from "./page.ts";

/** A site to leave, a service to come to, and what the tests of a walk tell each other. */
export interface Walk {
  readonly site: DjangoSite;
  readonly clone: Clone;
  readonly operator: Operator;
  readonly block: WalkPage["block"];
  /** Remembers tokens by a name. */
  keep(name: string, tokens: Answer["body"]): void;
  old(name: string): Answer["body"];
  /** Introspects at the service. */
  introspect(token: string | undefined): Promise<Answer>;
  /** What the service has stored of a user's password. */
  recordOf(username: string): unknown;
}

/** Starts both before the tests of this file, and ends them after. */
export function prepareWalk({ block }: WalkPage): Walk {
  const { path: folder, remove } = temporaryDir();
  const kept = new Map<string, Answer["body"]>();
  let site: DjangoSite;
  let clone: Clone;
  let operator: Operator;

  beforeAll(async () => {
    mkdirSync(join(folder, "clone"));
    clone = await makeClone(join(folder, "clone"));
    site = await startDjangoSite(folder);
    await site.make(ACCOUNTS);
    operator = createOperator(site, clone);
  });
  afterAll(async () => {
    await clone?.stop();
    await site?.stop();
    remove();
  });

  return {
    get site() {
      return site;
    },
    get clone() {
      return clone;
    },
    get operator() {
      return operator;
    },
    block,
    keep: (name, tokens) => void kept.set(name, tokens),
    old: (name) => kept.get(name) ?? {},
    introspect(token = "") {
      return postTo(clone.url, "introspect", { token }, CLIENTS.reports);
    },
    recordOf(username) {
      const row = readRegistry(clone.stateDir).find((one) => one["username"] === username);
      return row?.["password_record"];
    },
  };
}
