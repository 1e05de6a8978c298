import { EventEmitter } from "node:events";
import { createMemoryStore } from "@holdfast/session-core/memory";
import { cacheStore } from "@holdfast/session-core/near-cache";
import type { InvalidationListener } from "@holdfast/session-core/store";
import { testRow } from "@holdfast/store-contract";
import { type TrackingClient, trackInvalidations } from "@holdfast/store-redis/tracking";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const flush = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);

/** A client of node-redis and a store, of which the test decides what they answer and tell. */
function scripted() {
  const client = Object.assign(new EventEmitter(), {
    options: { RESP: 3, emitInvalidate: true },
    isReady: true,
    sent: [] as string[][],
    async sendCommand(args: string[]) {
      this.sent.push(args);
      return "OK";
    },
  });
  const beats: { readonly name: string; answer(master: string): void; refuse(error: Error): void }[] = [];
  const store = {
    keyPrefix: "app:hf:",
    beat: (name: string) => new Promise<string>((answer, refuse) => void beats.push({ name, answer, refuse })),
  };
  const heard: string[] = [];
  const listener: InvalidationListener = { changed: (id) => heard.push(id), reset: () => heard.push("reset") };
  const faults: string[] = [];
  const invalidations = trackInvalidations(store, client as unknown as TrackingClient, { onFault: (error) => faults.push(String(error)) });
  const stop = invalidations.listen(listener);
  /** Asks for a sign of life; what came of it. */
  const sync = async (): Promise<{ outcome: string | undefined }> => {
    const asked: { outcome: string | undefined } = { outcome: undefined };
    invalidations.sync().then(() => (asked.outcome = "renewed"), (error: Error) => (asked.outcome = error.message));
    await flush();
    return asked;
  };
  const tell = (name: string | undefined): unknown => client.emit("invalidate", Buffer.from(`app:hf:${name ?? ""}`));
  return { client, beats, heard, faults, sync, tell, stop };
}

describe("[D10] the beat that renews the lease of copies", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("counts once it was written and told, whichever comes first", async () => {
    for (const first of ["answered", "told"]) {
      const { beats, sync, tell } = scripted();
      const asked = await sync();
      const steps = [() => beats[0]?.answer("m1"), () => tell(beats[0]?.name)];
      for (const step of first === "told" ? steps.reverse() : steps) {
        expect(asked.outcome).toBeUndefined();
        step();
        await flush();
      }
      expect(asked.outcome).toBe("renewed");
    }
  });

  it("is told to this process alone, and after the rows of its moment", async () => {
    const [one, other] = [scripted(), scripted()];
    for (const { sync } of [one, other]) await sync();
    const prefixes = one.client.sent[1]?.filter((_, i, all) => all[i - 1] === "PREFIX") ?? [];
    expect(prefixes).toEqual(["app:hf:{", expect.stringMatching(/^app:hf:~\w{12,}\.$/)]);
    expect([...prefixes].sort()).toEqual(prefixes);
    expect(`app:hf:${one.beats[0]?.name ?? ""}`).toContain(prefixes[1]);
    expect(`app:hf:${other.beats[0]?.name ?? ""}`).not.toContain(prefixes[1]);
  });

  it("of another name than this one's proves nothing", async () => {
    const { beats, sync, tell } = scripted();
    const lost = await sync();
    beats[0]?.refuse(new Error("Connection is closed."));
    await flush();
    expect(lost.outcome).toBe("Connection is closed.");
    const asked = await sync();
    beats[1]?.answer("m1");
    tell(beats[0]?.name);
    await flush();
    expect(asked.outcome).toBeUndefined();
    tell(beats[1]?.name);
    await flush();
    expect(asked.outcome).toBe("renewed");
  });

  it("that meets another master than the one before, or one after a beat that failed, leaves no copy: what was read meanwhile may come from none", async () => {
    const { beats, heard, sync, tell } = scripted();
    const beat = async (master: string): Promise<string[]> => {
      heard.length = 0;
      await sync();
      tell(beats.at(-1)?.name);
      if (master === "none") beats.at(-1)?.refuse(new Error("READONLY You can't write against a read only replica."));
      else beats.at(-1)?.answer(master);
      await flush();
      return [...heard];
    };
    await beat("m1");
    expect(await beat("m1")).toEqual([]);
    expect(await beat("m2")).toEqual(["reset"]);
    expect(await beat("m2")).toEqual([]);
    expect(await beat("none")).toEqual([]);
    expect(await beat("m2")).toEqual(["reset"]);
  });

  it("that is written and not told for five seconds is given up, and tracking arranged anew: somebody is told", async () => {
    const { client, beats, faults, sync } = scripted();
    const asked = await sync();
    beats[0]?.answer("m1");
    await vi.advanceTimersByTimeAsync(4999);
    expect(asked.outcome).toBeUndefined();
    client.sent.length = 0;
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.outcome).toMatch(/another server/);
    expect(faults).toEqual([expect.stringMatching(/another server/)]);
    await sync();
    expect(client.sent.map((args) => args[2])).toEqual(["OFF", "ON"]);
  });

  it("that is refused is a fault that somebody is told; that the connection breaks meanwhile is none", async () => {
    const { client, beats, faults, sync } = scripted();
    await sync();
    beats[0]?.refuse(new Error("NOPERM this user has no permissions"));
    await flush();
    expect(faults).toEqual(["Error: NOPERM this user has no permissions"]);
    const asked = await sync();
    client.emit("reconnecting");
    await flush();
    expect(asked.outcome).toMatch(/lost/);
    expect(faults).toHaveLength(1);
  });

  it("brings the copies back with the first one that succeeds: at the start, and after one that failed", async () => {
    let fails = false;
    const { client } = scripted();
    const beat = async (name: string): Promise<string> => {
      if (fails) throw new Error("Connection is closed.");
      client.emit("invalidate", Buffer.from(`hf:${name}`));
      return "m1";
    };
    const memory = createMemoryStore();
    const store = cacheStore({ ...memory, capabilities: { ...memory.capabilities, inProcess: false } }, { maxStaleness: 1000, invalidations: trackInvalidations({ keyPrefix: "hf:", beat }, client as unknown as TrackingClient) });
    const row = testRow();
    await memory.create(row);
    /** Whether the second of two reads is one of the copy. */
    const holds = async (): Promise<boolean> => {
      await store.read(row.id);
      const { hits } = store.cache.stats();
      await store.read(row.id);
      return store.cache.stats().hits > hits;
    };
    await flush();
    expect(await holds()).toBe(true);
    fails = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(await holds()).toBe(false);
    fails = false;
    await vi.advanceTimersByTimeAsync(250);
    expect(await holds()).toBe(true);
    store.cache.close();
  });

  it("is over with a server that was emptied, and when nobody listens any more", async () => {
    const { client, heard, sync, stop } = scripted();
    const emptied = await sync();
    heard.length = 0;
    client.emit("invalidate", null);
    await flush();
    expect([emptied.outcome, heard]).toEqual([expect.stringMatching(/emptied/), ["reset"]]);
    const left = await sync();
    stop();
    await flush();
    expect(left.outcome).toMatch(/listens/);
  });
});

it("a store that reads on several connections is refused: one of them may read where nothing is told", () => {
  const client = Object.assign(new EventEmitter(), { options: { RESP: 3, emitInvalidate: true }, isReady: true, sendCommand: async () => "OK" });
  expect(() => trackInvalidations({ keyPrefix: "hf:" }, client as unknown as TrackingClient)).toThrow(expect.objectContaining({ code: "config", option: "store" }));
});
