// @vitest-environment happy-dom
import { flushSync, hydrate, mount, unmount } from "svelte";
import { expect, it } from "vitest";
import { settle } from "../tabs.ts";
import { behaves, newTab } from "./behaves.ts";
import Page from "./Page.svelte";
import Store from "./Store.svelte";

behaves({
  name: "svelte",
  mount(target, props, hydrating) {
    const page = (hydrating ? hydrate : mount)(Page, { target, props });
    return () => void unmount(page);
  },
  async act(work) {
    await work();
    flushSync();
  },
});

it("the client is a store by itself", async () => {
  const { world, tab } = newTab();
  world.server.signIn();
  const target = document.createElement("div");
  const page = mount(Store, { target, props: { client: tab.client, drawn: () => undefined } });
  await settle();
  flushSync();
  expect(target.textContent).toBe("active");
  await unmount(page);
  await settle();
  expect(tab.timers).toEqual([]);
});
