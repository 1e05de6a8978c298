import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { beforeFirstByte } from "../src/before-first-byte.ts";

const running: (() => void)[] = [];
afterEach(() => {
  for (const stop of running.splice(0)) stop();
});

/** The whole answer as it came over the wire. By HTTP/1.0, which has no chunks, so that the body is as it was written. */
async function wire(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  running.push(() => void server.close().closeAllConnections());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET / HTTP/1.0\r\n\r\n");
  return String(Buffer.concat((await socket.toArray()) as Buffer[]));
}

const addsACookie = (res: ServerResponse) => async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
  res.appendHeader("Set-Cookie", "ours=1");
};
const unexpected = (error: unknown): never => {
  throw error;
};

describe("beforeFirstByte", () => {
  const ways: [string, (res: ServerResponse) => void][] = [
    ["end", (res) => void res.end("hello")],
    ["write and end", (res) => void (res.write("hel"), res.write("lo"), res.end())],
    ["writeHead with an object", (res) => void res.writeHead(200, { "Set-Cookie": ["theirs=1"], "X-Other": "1" }).end("hello")],
    ["writeHead with a list", (res) => void res.writeHead(200, "Fine", ["Set-Cookie", "theirs=1", "X-Other", "1"]).end("hello")],
    ["flushHeaders", (res) => void (res.flushHeaders(), res.end("hello"))],
    ["a pipe", (res) => void Readable.from(["h", "e", "l", "l", "o"]).pipe(res)],
  ];
  it.each(ways)("holds back %s until the work is done, and loses none of it", async (name, answer) => {
    const text = await wire((_req, res) => {
      beforeFirstByte(res, addsACookie(res), unexpected);
      answer(res);
      expect(res.headersSent || name === "a pipe").toBe(true);
    });
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(text).toContain("Set-Cookie: ours=1\r\n");
    expect(text.split("\r\n\r\n")[1]).toBe("hello");
    if (name.startsWith("writeHead")) expect(text).toMatch(/Set-Cookie: theirs=1\r\n[\s\S]*X-Other: 1\r\n/);
  });

  it("sends nothing of the answer when the work fails", async () => {
    const text = await wire((_req, res) => {
      beforeFirstByte(res, () => Promise.reject(new Error("the store is down")), (error) => {
        res.statusCode = 503;
        res.end(String(error));
      });
      res.writeHead(201, { "X-Theirs": "1" });
      res.end("done");
    });
    expect(text).toMatch(/^HTTP\/1.1 503 /);
    expect(text).not.toMatch(/X-Theirs|done/);
    expect(text).toContain("the store is down");
  });
});
