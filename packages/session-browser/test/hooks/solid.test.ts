// @vitest-environment happy-dom
import { sharedConfig } from "solid-js";
import { createComponent, hydrate, render } from "solid-js/web";
import { settle } from "../tabs.ts";
import { behaves } from "./behaves.ts";
import { Page } from "./Page.solid.tsx";

behaves({
  name: "solid",
  mount(place, props, hydrating) {
    // What the server puts into the head of a page, and a page that was taken over already.
    if (hydrating) Object.assign(sharedConfig, { done: false });
    if (hydrating) Object.assign(globalThis, { _$HY: { events: [], completed: new WeakSet(), r: {} } });
    return (hydrating ? hydrate : render)(() => createComponent(Page, props), place);
  },
  async act(work) {
    await work();
    await settle();
  },
});
