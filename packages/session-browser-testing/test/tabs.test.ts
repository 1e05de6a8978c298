import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createSessionClient, type Environment } from "@holdfast/session-browser";
import { createIdleTimer } from "@holdfast/session-browser/idle";
import { createTestServer } from "@holdfast/session-browser-testing";
import { createTabs, type TabsOptions } from "@holdfast/session-browser-testing/tabs";
import { describe, expect, it } from "vitest";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

function page(environment: Environment) {
  const client = createSessionClient({ environment });
  const shown: string[] = [];
  client.subscribe(({ status }) => void (shown.at(-1) === status || shown.push(status)));
  return { client, shown, status: () => client.get().status };
}

async function open<Count extends number>(count: Count, options: Partial<TabsOptions<ReturnType<typeof createTestServer>, ReturnType<typeof page>>> = {}) {
  const tabs = createTabs({ page, server: (time) => createTestServer({ ...time, policy: { idle: 10 * MINUTE, absolute: 60 * MINUTE } }), ...options });
  await tabs.server.signIn();
  const [a, b] = [await tabs.open(), await tabs.open()];
  for (let i = 2; i < count; i++) await tabs.open();
  await tabs.run(SECOND);
  return { tabs, a, b };
}

describe("several tabs of the real client on the real routes", () => {
  it.each([true, false])("activity in one keeps all signed in, and its end is the end of all (locks: %s)", async (locks) => {
    const { tabs, a, b } = await open(2, { locks });
    for (let i = 0; i < 15; i++) {
      await a.input();
      await tabs.run(MINUTE);
    }
    expect([a.client.shown, b.client.shown]).toEqual([["none", "active"], ["none", "active"]]);
    await tabs.run(10 * MINUTE);
    expect([a.client.status(), b.client.status()]).toEqual(["idle", "idle"]);
  });

  it("[L07] a session that was replaced without this page, and with it the CSRF token, costs no request and no sign-out", async () => {
    const statuses: number[] = [];
    const { tabs, a } = await open(2, { server: (time) => createTestServer({ ...time, csrf: true, policy: { idle: 10 * MINUTE, absolute: 60 * MINUTE }, routes: (app) => void app.post("/save", (c) => c.text("saved")) }) });
    const { client } = a.client;
    /** By a form, whose page has no client. */
    const replaced = async (): Promise<void> => {
      await tabs.server.signOut();
      await tabs.server.signIn("ada");
      tabs.server.log.length = 0;
    };
    const save = async (): Promise<unknown> => {
      void client.fetch("/save", { method: "POST", body: "draft" }).then(({ status }) => statuses.push(status));
      return tabs.run(2 * SECOND);
    };
    await save();
    await replaced();
    await save();
    expect(tabs.server.log).toEqual(["POST /save", "GET /session", "POST /save"]);
    expect([statuses, a.client.status()]).toEqual([[200, 200], "active"]);
    await replaced();
    const extended = client.extend();
    await tabs.run(2 * SECOND);
    expect(await extended).toBe(true);
    await replaced();
    const out = client.logout();
    await tabs.run(2 * SECOND);
    expect(await out).toBe("done");
    expect(tabs.server.log.slice(0, 3)).toEqual(["POST /session/logout", "GET /session", "POST /session/logout"]);
    expect((await (await tabs.server.fetch(new Request("https://app.test/session"))).json()) as object).toMatchObject({ state: "none" });
  });

  it("[L07] a body that can be read once only is not sent again, and the request after it has the new token", async () => {
    const { tabs, a } = await open(2, { server: (time) => createTestServer({ ...time, csrf: true, routes: (app) => void app.post("/save", (c) => c.text("saved")) }) });
    await tabs.server.signOut();
    await tabs.server.signIn("ada");
    const statuses: number[] = [];
    for (let i = 0; i < 2; i++) {
      const body = new Blob(["draft"]).stream();
      void a.client.client.fetch("/save", { method: "POST", body, duplex: "half" } as RequestInit).then(({ status }) => statuses.push(status));
      await tabs.run(2 * SECOND);
    }
    expect(statuses).toEqual([403, 200]);
  });

  it("a sign-out in a page where nothing listens takes pages out of the back-forward cache", async () => {
    let listens = true;
    const { tabs, a } = await open(2, { page: (environment) => (listens ? page(environment) : { client: createSessionClient({ environment }), shown: [], status: () => "none" }) });
    await a.leave();
    listens = false;
    const { client } = await tabs.open();
    void client.client.logout();
    await tabs.run(SECOND);
    expect(a.gone).toBe(true);
  });

  it("one that crashed keeps nobody, and one that slept is out with the first movement", async () => {
    const { tabs, a, b } = await open(2);
    await b.crash();
    expect(b.gone).toBe(true);
    await expect(b.input()).rejects.toThrow("tab 2 cannot take input now.");
    await tabs.sleep(8 * 60 * MINUTE);
    await a.input();
    await tabs.run(SECOND);
    expect(a.client.client.get()).toMatchObject({ status: "idle", confirmed: true });
  });

  it("a sign-out reaches the others, and drops a page from the back-forward cache or makes it ask", async () => {
    for (const messagesEvict of [true, false]) {
      const { tabs, a, b } = await open(3, { messagesEvict });
      await b.leave();
      void a.client.client.logout();
      await tabs.run(SECOND);
      expect(b.gone).toBe(messagesEvict);
      if (!messagesEvict) {
        await b.back();
        expect(b.client.status()).toBe("none");
      }
    }
  });

  it("frozen and throttled pages, clocks that are wrong, and a network that is away", async () => {
    const { tabs, a, b } = await open(2);
    await b.freeze();
    await tabs.run(5 * MINUTE);
    await a.input();
    await tabs.run(MINUTE);
    await b.resume();
    expect(b.client.shown).toContain("offline");
    await tabs.run(SECOND);
    expect(b.client.status()).toBe("active");
    await tabs.offline(true);
    tabs.setClock(-30 * MINUTE);
    await a.hide();
    a.throttle(MINUTE);
    await tabs.run(11 * MINUTE);
    expect([a.client.status(), b.client.status()]).toEqual(["idle", "idle"]);
  });

  it("answers can be lost, and a reload begins anew", async () => {
    const { tabs, a } = await open(1);
    tabs.trouble(() => ({ lose: "answer" }));
    void a.client.client.logout();
    await tabs.run(SECOND);
    expect(a.client.status()).toBe("none");
    tabs.trouble(() => undefined);
    const again = await a.reload();
    await tabs.run(SECOND);
    expect(again.client.client.get()).toEqual({ status: "none", known: true });
    expect(tabs.storage.get("session:/session:logout")).toBeUndefined();
  });

  it("a request that hangs is given up in time, whatever was collected as garbage meanwhile", async () => {
    const { tabs, a } = await open(1);
    tabs.trouble(() => ({ lose: "request", hang: true }));
    void a.client.client.refresh();
    await tabs.run(SECOND);
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    await tabs.run(10 * SECOND);
    expect(a.client.status()).toBe("offline");
  });

  it("the same seed gives the same run", async () => {
    const play = async (seed: number) => {
      const { tabs, a, b } = await open(2, { seed });
      await a.input();
      await tabs.run(9 * MINUTE);
      await b.input();
      await tabs.run(MINUTE);
      return [tabs.server.log, [...tabs.storage.values()].map((value) => value.replace(/"epoch":"[^"]*"/, ""))];
    };
    expect(await play(7)).toEqual(await play(7));
  });

  it("the idle timer runs in it, too", async () => {
    const tabs = createTabs({ server: () => ({ fetch: () => Response.error() }), page: (environment) => createIdleTimer({ idle: 10 * MINUTE, environment }) });
    const [a, b] = [await tabs.open(), await tabs.open()];
    for (const { client } of [a, b]) client.subscribe(() => undefined);
    a.client.start();
    await tabs.run(9 * MINUTE);
    await b.input();
    await tabs.run(2 * MINUTE);
    expect(a.client.get().status).toBe("active");
    await tabs.run(10 * MINUTE);
    expect([a.client.get().status, b.client.get().status]).toEqual(["idle", "idle"]);
  });
});
