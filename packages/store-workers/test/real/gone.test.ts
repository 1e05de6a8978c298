import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../../../store-contract/test/shared/kill.ts";
import { tool } from "../support/remote-store.ts";
import { startWorkerd, type Workerd } from "../support/workerd.ts";

let workerd: Workerd;
beforeAll(async () => void (workerd = await startWorkerd()));
afterAll(() => workerd?.stop());

/** A client that leaves as soon as its request waits in the store. */
async function leaves(what: string, argument: string): Promise<void> {
  const { hostname, port } = new URL(workerd.object);
  const body = JSON.stringify({ tool: what, argument });
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(`POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  // What stalls is under way as soon as another request of the same isolate has seen it.
  await until(async () => (await tool(workerd.object, "stalling", "")) === true);
  socket.resetAndDestroy();
  await once(socket, "close");
}

it("[K07] a client that goes away in the middle of a write holds up its session's next write for the time of one call, and no further write", async () => {
  const id = (await tool(workerd.object, "issue", "")) as string;
  const step = (): Promise<unknown> => tool(workerd.object, "step", `${id}:works`);
  expect(await step()).toBe(1);
  await leaves("step", `${id}:stalls`);
  expect(await step()).toBe(2);
  expect(await step()).toBe(3);
});

it("[K07] nor does one that goes away in the middle of a touch hold up those who would share it", async () => {
  const id = (await tool(workerd.object, "issue", "")) as string;
  await leaves("visit", `${id}:stalls`);
  expect(await tool(workerd.object, "visit", `${id}:works`)).toBe("active");
});
