import { callWithDeadline } from "../isolate.ts";

/** The object of one client that sends its logout tokens; see `backchannel/logout-sender.ts`. */
interface LogoutSenderObject extends Rpc.DurableObjectBranded {
  wake(clientId: string): Promise<void>;
}

/** Wakes the objects that send logout tokens. */
export interface LogoutSenders {
  /** @throws Unavailable when an object fails: the sweep wakes it later */
  wake(clientIds: readonly string[]): Promise<void>;
}

/** Builds {@link LogoutSenders}. One object per client: a slow one delays no other. */
export function createLogoutSenders(
  objects: DurableObjectNamespace<LogoutSenderObject>,
): LogoutSenders {
  return {
    async wake(clientIds) {
      const calls = clientIds.map((clientId) => {
        const object = objects.getByName(clientId);
        return callWithDeadline("logout.wake", async () => await object.wake(clientId));
      });
      await Promise.all(calls);
    },
  };
}
