import { serve } from "@hono/node-server";
import type { KeyRingFile, SessionEvent } from "@holdfast/session-core";
import { createCsrfTokens } from "@holdfast/session-core/csrf";
import { addKey, promoteKey, removeKey } from "@holdfast/session-core/keys";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { keepCookies, keys as first, MINUTE, ORIGIN, type World, world } from "./support.ts";

const HOUR = 60 * MINUTE;
const policy = { guest: { idle: HOUR, absolute: 8 * HOUR } };
const stops: (() => Promise<unknown>)[] = [];

/** Two servers with one store and one clock, each with the key file it was last deployed with, behind a round robin. */
async function cluster(file: KeyRingFile = first) {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now, wait: async () => undefined, advance: (ms: number) => void (now += ms) };
  const store = createMemoryStore({ clock });
  const events: SessionEvent[] = [];
  const build = (keys: KeyRingFile): World =>
    world({ csrf: { origins: [ORIGIN] }, core: { keys, policy, store, clock, csrf: createCsrfTokens({ keys }), onEvent: (event) => void events.push(event) } });
  const servers = await Promise.all(
    [0, 1].map(async () => {
      let current = build(file);
      const server = serve({ fetch: (request) => current.app.fetch(request), port: 0, hostname: "127.0.0.1" });
      if (!server.listening) await once(server, "listening");
      stops.push(() => new Promise((resolve) => server.close(resolve)));
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, deploy: (keys: KeyRingFile) => void (current = build(keys)) };
    }),
  );
  let turn = 0;
  const next = () => servers[turn++ % servers.length]?.url ?? "";
  return { clock, events, servers, next };
}

/** One browser: its cookies, its token, and a note of every answer. */
class Visitor {
  readonly cookies = new Map<string, string>();
  readonly failures: string[] = [];
  requests = 0;
  token = "";
  readonly next: () => string;

  constructor(next: () => string) {
    this.next = next;
  }

  async send(method: string, path: string): Promise<Response> {
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(this.next() + path, { method, redirect: "manual", headers: { cookie, origin: ORIGIN, "x-csrf-token": this.token } });
    await response.arrayBuffer();
    this.requests++;
    if (response.status >= 400) this.failures.push(`${method} ${path}: ${response.status}`);
    this.token = response.headers.get("x-csrf-token") ?? this.token;
    keepCookies(this.cookies, response);
    return response;
  }

  /** Reads and writes side by side, as a page does. */
  burst = (): Promise<unknown> => Promise.all([this.send("GET", "/private"), this.send("POST", "/cart"), this.send("GET", "/session"), this.send("POST", "/session/touch"), this.send("GET", "/")]);

  /** The keys that signed what it holds. */
  keyIds = (): number[] => [...this.cookies.values()].map((value) => Buffer.from(value, "base64url").readUInt16BE(19));

  copy(): Visitor {
    const other = new Visitor(this.next);
    for (const [name, value] of this.cookies) other.cookies.set(name, value);
    other.token = this.token;
    return other;
  }
}

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe("keys roll out under traffic", () => {
  it("[G01] add, promote, retire and remove on two servers, one after the other: no request fails, one jar throughout", async () => {
    const { clock, servers, next } = await cluster();
    const visitor = new Visitor(next);
    await visitor.send("POST", "/sign-in");
    /** One server after the other, with requests in flight while each changes over and time going by. */
    const deploy = async (keys: KeyRingFile): Promise<void> => {
      for (const server of servers) {
        const flying = visitor.burst();
        server.deploy(keys);
        await flying;
        for (let i = 0; i < 3; i++) {
          clock.advance(2 * MINUTE);
          await visitor.burst();
        }
      }
    };
    await deploy(first);
    const added = addKey(first, { now: clock.now() });
    await deploy(added);
    expect(visitor.keyIds()).toEqual([1]);
    const promoted = promoteKey(added, { now: clock.now() });
    await deploy(promoted);
    expect(visitor.keyIds()).toEqual([2]);
    const old = visitor.copy();
    for (let i = 0; i < 17; i++) {
      clock.advance(29 * MINUTE);
      await visitor.burst();
      if (i === 10) await visitor.send("POST", "/sign-in");
    }
    await deploy(removeKey(promoted, 1, { policy, now: clock.now() }));
    expect(visitor.failures).toEqual([]);
    expect(visitor.requests).toBeGreaterThan(200);
    expect(old.keyIds()).toEqual([2]);
  });

  it("[G01] a removed key fails closed: 503 without a cookie, no store call that lets anybody in, and an event", async () => {
    const { clock, servers, next, events } = await cluster();
    const visitor = new Visitor(next);
    await visitor.send("POST", "/sign-in");
    const [, key] = addKey(first, { now: clock.now() }).keys;
    const without: KeyRingFile = { ...first, keys: key ? [{ ...key, state: "active" }] : [] };
    for (const server of servers) server.deploy(without);
    for (const [method, path] of [["GET", "/private"], ["GET", "/session"], ["POST", "/cart"], ["POST", "/session/touch"]] as const) {
      const response = await visitor.send(method, path);
      expect([response.status, response.headers.get("retry-after")], path).toEqual([503, "1"]);
      expect(response.headers.getSetCookie(), path).toEqual([]);
    }
    expect(events).toContainEqual(expect.objectContaining({ type: "credential_indeterminate", keyId: 1 }));
    // Put back, the same jar goes on: nothing was lost and nothing was cleared.
    for (const server of servers) server.deploy(first);
    expect((await visitor.send("GET", "/private")).status).toBe(200);
  });

  it("[G01] a format of a later version is met in the same way", async () => {
    const { next } = await cluster();
    const visitor = new Visitor(next);
    await visitor.send("POST", "/sign-in");
    for (const [name, value] of visitor.cookies) {
      const bytes = Buffer.from(value, "base64url");
      bytes[18] = 2;
      visitor.cookies.set(name, bytes.toString("base64url"));
    }
    for (const path of ["/private", "/session"]) {
      const response = await visitor.send("GET", path);
      expect([response.status, response.headers.getSetCookie()]).toEqual([503, []]);
    }
  });

  it("[G01] promoted before it was given to all: the server without it answers 503 and clears nothing, and the session lives", async () => {
    const { clock, servers, next } = await cluster();
    const visitor = new Visitor(next);
    await visitor.send("POST", "/sign-in");
    const added = addKey(first, { now: clock.now() });
    clock.advance(2 * MINUTE);
    const promoted = promoteKey(added, { now: clock.now(), force: true });
    servers[0]?.deploy(promoted);
    for (let i = 0; i < 6 && visitor.keyIds()[0] !== 2; i++) {
      clock.advance(2 * MINUTE);
      expect((await visitor.send("GET", "/private")).status).toBe(200);
    }
    expect(visitor.keyIds()).toEqual([2]);
    const statuses = [await visitor.send("GET", "/private"), await visitor.send("GET", "/private")].map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 503]);
    servers[1]?.deploy(promoted);
    for (let i = 0; i < 2; i++) expect((await visitor.send("GET", "/private")).status).toBe(200);
  });
});
