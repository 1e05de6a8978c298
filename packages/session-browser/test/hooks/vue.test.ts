// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { createApp, createSSRApp, effectScope, nextTick } from "vue";
import { useIdleLogout } from "../../src/vue.ts";
import { MINUTE, settle } from "../tabs.ts";
import { behaves, newTab } from "./behaves.ts";
import { Page } from "./pages.vue.ts";

behaves({
  name: "vue",
  mount(place, props, hydrate) {
    const app = (hydrate ? createSSRApp : createApp)(Page, { ...props });
    app.mount(place);
    return () => app.unmount();
  },
  async act(work) {
    await work();
    await nextTick();
  },
});

it("works in a scope of its own, for a store that no component owns", async () => {
  const { world, tab } = newTab();
  world.server.signIn();
  const scope = effectScope();
  const idle = scope.run(() => useIdleLogout(tab.client));
  await settle();
  await world.run(9 * MINUTE);
  expect(idle?.remaining.value).toBe(60);
  scope.stop();
  await settle();
  expect(tab.timers).toEqual([]);
});
