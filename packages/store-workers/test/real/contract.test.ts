import { describeStore } from "@holdfast/store-contract";
import { afterAll, beforeAll } from "vitest";
import { CAPABILITIES, remoteStore } from "../support/remote-store.ts";
import { startWorkerd, type Workerd } from "../support/workerd.ts";

let workerd: Workerd;
beforeAll(async () => void (workerd = await startWorkerd()));
afterAll(() => workerd?.stop());

describeStore("Durable Objects in workerd", async () => ({ store: remoteStore(workerd.object) }), CAPABILITIES);
describeStore("D1 in workerd", async () => ({ store: remoteStore(await workerd.d1("contract")) }), CAPABILITIES);
