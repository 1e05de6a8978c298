import { describe, expect, it } from "vitest";
import { createSessionFetch } from "../src/refresh.ts";
import { settle, Tab, World } from "./tabs.ts";

function open() {
  const world = new World();
  world.server.signIn("e1");
  const tab = new Tab(world, {}, () => undefined, false);
  const heard: unknown[] = [];
  const client = createSessionFetch({ environment: tab.environment, onView: (view) => void heard.push(view.state), onDeadlines: ({ idle, epoch }, sentAt) => void heard.push([idle, epoch, sentAt - world.now]) });
  return { world, server: world.server, tab, heard, client };
}

describe("requests without a client", () => {
  it("[H12] parallel questions share one request; one who stops waiting ends nobody else's", async () => {
    const { server, client, heard } = open();
    const controller = new AbortController();
    const all = [client.refresh({ signal: controller.signal }), client.refresh(), client.refresh()];
    controller.abort(new Error("enough"));
    await expect(all[0]).rejects.toThrow("enough");
    expect((await all[1])?.state).toBe("active");
    expect(server.log.length).toBeLessThanOrEqual(2);
    expect(heard[0]).toBe("active");
  });

  it("[L07] an expired 401 asks once what became of the session, and tells", async () => {
    const { server, client, heard } = open();
    server.end("idle");
    expect((await client.fetch("/data")).status).toBe(401);
    await settle();
    expect(server.log).toEqual(["GET /data", "GET /session (nobody)"]);
    expect(heard).toEqual(["none"]);
  });

  it("[L07] a refusal for want of a proof says nothing; one that this browser cannot get over asks once, and tells", async () => {
    const { server, client, heard } = open();
    server.proof = { signIn: false };
    expect((await client.fetch("/data")).status).toBe(401);
    await settle();
    expect([server.log, heard]).toEqual([["GET /data"], []]);
    server.proof = { signIn: true };
    expect((await client.fetch("/data")).status).toBe(401);
    await settle();
    expect([server.log, heard]).toEqual([["GET /data", "GET /data", "GET /session (nobody)"], ["none"]]);
  });

  it("[L07] and a poll whose every answer is one asks no more, until there is a session again", async () => {
    const { world, server, client, heard } = open();
    const poll = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        await world.run(100, 100);
        await client.fetch("/data");
        await settle();
      }
    };
    const questions = (): number => server.log.filter((line) => line.startsWith("GET /session")).length;
    server.end("idle");
    await poll();
    expect([questions(), heard]).toEqual([1, ["none"]]);
    server.signIn("e2");
    await poll();
    server.end("revoked");
    await poll();
    expect(questions()).toBe(2);
    // The same where a question of the page's own brought the news.
    server.signIn("e3");
    await client.refresh();
    server.end("revoked");
    await poll();
    expect(questions()).toBe(4);
  });

  it("[C07] marks requests of hidden pages and those that say so; tells of deadlines", async () => {
    const { server, tab, client, heard } = open();
    await client.fetch("/a");
    await client.fetch("/b", { background: true });
    tab.document.visibilityState = "hidden";
    await client.fetch("/c");
    expect(server.log).toEqual(["GET /a", "GET /b (nobody)", "GET /c (nobody)"]);
    expect(heard[0]).toEqual([600, "e1", 0]);
  });

  it("a server that is away says nothing about the session", async () => {
    const { server, client, heard } = open();
    server.down = "network";
    expect(await client.refresh()).toBeUndefined();
    expect(heard).toEqual([]);
  });
});
