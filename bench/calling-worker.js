/** A Worker as APIs are: asks another one, by RPC, about each token that it is sent. */
const CALLS = {
  "/verify": (token, { TOKENS }) => TOKENS.verify(token),
  "/verify-strict": (token, { TOKENS }) => TOKENS.verify(token, { consistency: "strict" }),
  "/floor": (token, { FLOOR }) => FLOOR.verify(token),
  "/noop": (_, { FLOOR }) => FLOOR.noop(),
};

export default {
  async fetch(request, env) {
    const call = CALLS[new URL(request.url).pathname];
    const { kind } = await call(await request.text(), env);
    return Response.json({ kind });
  },
};
