import { Refusal } from "../../src/errors/refusal.ts";
import type { Grant } from "../../src/grants/grant.ts";
import { GRANTS } from "../../src/grants/index.ts";

/** A grant that the service does not have: a client that knows a word acts for itself. */
export const newGrant: Grant<string | undefined> = {
  grantType: "urn:example:word",
  summary: "The client knows a word",
  specification: "test/support/new-grant.ts",
  parameters: { word: "the word, which is `open`" },
  example: { word: "open" },
  openApiFlow: "authorizationCode",
  refusals: ["grant_not_allowed"],
  allowsPublicClients: false,

  async read({ params }) {
    return params.get("word");
  },

  async prove(word) {
    if (word !== "open") throw new Refusal("grant_not_allowed");
    return { user: null, login: null, refresh: { kind: "none" } };
  },
};

// The one line in the list. Tests import this file first, before anything reads the list.
(GRANTS as Grant[]).push(newGrant as Grant);
