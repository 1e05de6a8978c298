import { createMemoryStore } from "@holdfast/session-core/memory";
import type { OpenEngine } from "./shared/engine.ts";
import { describeServers } from "./shared/servers.ts";
import { describeSignIns } from "./shared/sign-ins.ts";

// Here they are set against the memory store; every other store runs them on its own engine.
const open: OpenEngine = async () => {
  let store: ReturnType<typeof createMemoryStore> | undefined;
  return {
    address: "",
    connect: async (clock) => ({ store: (store ??= createMemoryStore(clock && { clock })), close: async () => undefined }),
    remove: async () => undefined,
  };
};

describeSignIns("the memory store", open, "caller");
describeServers("the memory store", open, "caller");
