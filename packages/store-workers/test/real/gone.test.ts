import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tool } from "../support/remote-store.ts";
import { startWorkerd, type Workerd } from "../support/workerd.ts";

let workerd: Workerd;
beforeAll(async () => void (workerd = await startWorkerd()));
afterAll(() => workerd?.stop());

it("[K07] a client that goes away in the middle of a write holds up its session's next write for the time of one call, and no further write", async () => {
  const { hostname, port } = new URL(workerd.object);
  const id = (await tool(workerd.object, "issue", "")) as string;
  const step = (): Promise<unknown> => tool(workerd.object, "step", `${id}:works`);
  expect(await step()).toBe(1);

  const body = JSON.stringify({ tool: "step", argument: `${id}:stalls` });
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(`POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  // What stalls is under way as soon as another request of the same isolate has seen it.
  while ((await tool(workerd.object, "stalling", "")) !== true);
  socket.resetAndDestroy();
  await once(socket, "close");

  expect(await step()).toBe(2);
  expect(await step()).toBe(3);
});
