import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { type FaultProxy, startFaultProxy } from "../fault-proxy.ts";

describe("a network that can be broken", () => {
  let server: Server;
  let proxy: FaultProxy;
  /** What arrived at the server, which answers each piece in capitals. */
  let arrived: string;
  let serverSockets: Set<Socket>;
  const clients: Socket[] = [];

  beforeEach(async () => {
    arrived = "";
    serverSockets = new Set();
    server = createServer((socket) => {
      serverSockets.add(socket);
      socket.on("error", () => undefined).once("close", () => serverSockets.delete(socket));
      socket.setEncoding("utf8").on("data", (text: string) => {
        arrived += text;
        socket.write(text.toUpperCase());
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    proxy = await startFaultProxy(() => (server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.stop();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });

  /** A client, what it has heard, and how it ended. */
  async function client() {
    const socket = connect(proxy.port, "127.0.0.1");
    const it = { socket, heard: "", ended: "", closed: new Promise<void>((resolve) => void socket.once("close", () => resolve())) };
    clients.push(socket);
    socket.on("error", (error: NodeJS.ErrnoException) => void (it.ended = error.code ?? "")).on("end", () => void (it.ended = "FIN"));
    socket.setEncoding("utf8").on("data", (text: string) => void (it.heard += text));
    await Promise.race([new Promise((resolve) => void socket.once("connect", resolve)), it.closed]);
    return it;
  }
  const warm = async () => {
    const it = await client();
    it.socket.write("a");
    await until(() => it.heard === "A");
    return it;
  };

  it("passes on what it gets, ends as the ends do, and counts", async () => {
    const { socket, closed } = await warm();
    expect([proxy.connections, proxy.served, proxy.asked]).toEqual([1, 1, 1]);
    socket.end();
    await closed;
    await until(() => proxy.connections === 0 && serverSockets.size === 0);
    expect([proxy.connections, serverSockets.size]).toEqual([0, 0]);
  });

  it("tells a client that its server has hung up", async () => {
    const it = await warm();
    for (const socket of serverSockets) socket.end();
    await it.closed;
    expect(it.ended).toBe("FIN");
  });

  it("a black hole takes everything and says nothing, to new connections too; afterwards it arrives", async () => {
    const old = await warm();
    proxy.set("black-hole");
    const fresh = await client();
    for (const { socket } of [old, fresh]) socket.write("b");
    await until(() => proxy.asked === 3);
    expect([arrived, old.heard, fresh.heard]).toEqual(["a", "A", ""]);
    proxy.set("none");
    await until(() => old.heard === "AB" && fresh.heard === "B");
    expect([old.heard, fresh.heard, old.ended, fresh.ended]).toEqual(["AB", "B", "", ""]);
  });

  it("stops while it is a black hole, with bytes in hand from both sides", async () => {
    const it = await warm();
    proxy.set("black-hole");
    it.socket.write("b");
    for (const socket of serverSockets) socket.write("c");
    await until(() => proxy.asked === 2);
    await proxy.stop();
    await it.closed;
    await until(() => serverSockets.size === 0);
    expect([arrived, it.heard, serverSockets.size]).toEqual(["a", "A", 0]);
  });

  it("a reset ends open connections and new ones", async () => {
    const old = await warm();
    proxy.set("reset");
    await old.closed;
    const fresh = await client();
    await fresh.closed;
    expect([old.ended, fresh.ended]).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect([proxy.connections, proxy.served]).toEqual([0, 0]);
    await until(() => serverSockets.size === 0);
    expect(serverSockets.size).toBe(0);
  });

  it("a cut answer: the request has arrived, the client gets a reset, the next one is well", async () => {
    const old = await warm();
    proxy.set("cut-answer");
    old.socket.write("b");
    await old.closed;
    expect([arrived, old.heard, old.ended, proxy.cuts]).toEqual(["ab", "A", "ECONNRESET", 1]);
    expect((await warm()).heard).toBe("A");
  });

  it("half-open: the server's end is gone, the client writes into the void; new connections work", async () => {
    const old = await warm();
    proxy.set("half-open");
    await until(() => serverSockets.size === 0);
    old.socket.write("b");
    const fresh = await warm();
    await until(() => proxy.asked === 3);
    expect([arrived, old.heard, old.ended, fresh.heard]).toEqual(["aa", "A", "", "A"]);
    expect([proxy.connections, proxy.served]).toEqual([2, 1]);
    old.socket.destroy();
    await until(() => proxy.connections === 1);
    expect(proxy.connections).toBe(1);
  });

  it("latency and drips change when something arrives, not what", async () => {
    const it = await warm();
    for (const fault of [{ latency: 1 }, { drip: 1 }]) {
      proxy.set(fault);
      const before = it.heard.length;
      it.socket.write("hello, ");
      await until(() => it.heard.length === before + 7);
    }
    expect(it.heard).toBe("AHELLO, HELLO, ");
  });
});
