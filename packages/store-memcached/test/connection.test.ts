import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSessions, generateKeys } from "@holdfast/session-core";
import { createMemcachedStore } from "@holdfast/store-memcached";
import { connectMemcached, type MemcachedConnectOptions } from "@holdfast/store-memcached/connect";
import { afterEach, describe, expect, it } from "vitest";

// What no real server does on demand: answers that are late, cut, foreign or somebody else's.
let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** Answers each chunk with what `answer` makes of it: of the text, and of how many connections there were. */
async function fake(answer: (text: string, connection: number, socket: Socket) => string | undefined, options: MemcachedConnectOptions = {}) {
  let connections = 0;
  server = createServer((socket) => {
    const mine = ++connections;
    sockets.add(socket.on("error", () => undefined));
    socket.on("data", (chunk) => {
      const said = answer(chunk.toString("latin1"), mine, socket);
      if (said !== undefined) socket.write(said);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // Both ends are in this process: whatever holds it up is no late answer.
  const node = connectMemcached(`127.0.0.1:${(server.address() as AddressInfo).port}`, { timeoutMs: 60_000, connectTimeoutMs: 60_000, ...options });
  return { node, connections: () => connections };
}

const greets = (text: string): string | undefined => (text === "mn\r\n" ? "MN\r\n" : undefined);
const get = (key: string) => ({ verb: "mg", key, flags: "v c" }) as const;
const opaque = (text: string): string => / O(\d+)\r\n/.exec(text)?.[1] ?? "";

describe("a connection", () => {
  it("asks who it is before it sends anything: what is older or no memcached never sees a row", async () => {
    for (const words of ["ERROR", "HTTP/1.1 400 Bad Request", "CLIENT_ERROR unauthenticated"]) {
      const seen: string[] = [];
      const { node } = await fake((text) => (seen.push(text), `${words}\r\n`));
      await expect(node.send([{ verb: "ms", key: "k", flags: "", value: "flush_all" }])).rejects.toMatchObject({ code: "EPROTOCOL" });
      await expect(node.check()).rejects.toMatchObject({ code: "EPROTOCOL" });
      expect(new Set(seen)).toEqual(new Set(["mn\r\n"]));
    }
  });

  it("tells its password to nobody who does not ask for one", async () => {
    const seen: string[] = [];
    const { node } = await fake((text) => (seen.push(text), "MN\r\n"), { user: "web", password: "hunter2" });
    await expect(node.check()).rejects.toThrow(/no --auth-file/);
    expect(seen.join()).not.toContain("hunter2");
  });

  it.each([
    ["of another command", (text: string) => `HD O${Number(opaque(text)) + 1}\r\n`],
    ["without the number of its command", () => "HD\r\n"],
    ["of another protocol", () => "VALUE k 0 1\r\n"],
    ["that is cut", () => "VA 100 O0\r\nhalf"],
  ])("an answer %s reaches nobody: all who wait are told of a fault, and the next connection begins anew", async (_what, wrong) => {
    const { node, connections } = await fake((text, connection, socket) => {
      if (greets(text)) return greets(text);
      if (connection > 1) return `VA 2 c9 O${opaque(text)}\r\nhi\r\n`;
      const said = wrong(text);
      if (said.endsWith("half")) void socket.end(said);
      else return said;
      return undefined;
    });
    const asked = await Promise.allSettled([node.send([get("a")]), node.send([get("b")])]);
    expect(asked.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await node.send([get("c")])).toEqual([{ status: "VA", flags: ["2", "c9", expect.stringMatching(/^O\d+$/)], value: "hi" }]);
    expect(connections()).toBe(2);
    node.close();
  });

  it("[K07] that gets no answer in time is given up with all that wait, and none of it is sent again", async () => {
    const seen: string[] = [];
    const { node, connections } = await fake((text) => greets(text) ?? void seen.push(text), { timeoutMs: 300 });
    const asked = await Promise.allSettled([node.send([get("a")]), node.send([get("b")])]);
    for (const outcome of asked) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "ETIMEDOUT" } });
    await expect.poll(() => seen.join("").match(/mg a /g)).toHaveLength(1);
    expect(connections()).toBe(1);
  });

  it("is one for all commands that come while it opens, and none after close()", async () => {
    const { node, connections } = await fake((text) => greets(text) ?? text.replaceAll(/^mg .* O(\d+)\r\n/gm, "EN O$1\r\n"));
    const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => node.send([get(`k${i}`), get("m")])));
    expect(replies.flat().map(({ status }) => status)).toEqual(Array(40).fill("EN"));
    expect(connections()).toBe(1);
    node.close();
    await expect(node.send([get("k")])).rejects.toMatchObject({ code: "ECONNECTION" });
    await expect(node.check()).rejects.toMatchObject({ code: "ECONNECTION" });
    const late = connectMemcached(node.name);
    const opening = late.check();
    late.close();
    await expect(opening).rejects.toMatchObject({ code: "ECONNECTION" });
  });

  it("sends no key that is none", async () => {
    const seen: string[] = [];
    const { node } = await fake((text) => greets(text) ?? void seen.push(text));
    for (const key of ["", "a b", "a\r\nflush_all", "é", "x".repeat(251)]) await expect(node.send([get(key)])).rejects.toMatchObject({ code: "EPROTOCOL" });
    expect(seen).toEqual([]);
    node.close();
  });

  it("that nobody answers is a fault of the store for the core, never the end of a session", async () => {
    const node = connectMemcached("127.0.0.1:1");
    const sessions = createSessions({ store: createMemcachedStore([node], { evicts: true }), keys: generateKeys() });
    await expect(sessions.issue("ada")).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("MemcachedError ECONNECTION") });
  });
});
