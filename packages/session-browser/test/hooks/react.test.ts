// @vitest-environment happy-dom
import { act, createElement, startTransition, StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { expect, it } from "vitest";
import { useIdleLogout, useSession } from "../../src/react.ts";
import { MINUTE, SECOND, settle } from "../tabs.ts";
import { behaves, newTab, type PageProps } from "./behaves.ts";
import { Page } from "./pages.react.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
const doing = async (work: () => unknown): Promise<void> => act(async () => void (await work()));

behaves({
  name: "react",
  mount(place, props, hydrate) {
    const page = createElement(Page, props);
    const root = hydrate ? hydrateRoot(place, page, { onRecoverableError: (error) => console.error(error) }) : createRoot(place);
    if (!hydrate) root.render(page);
    return () => root.unmount();
  },
  act: doing,
});

it("StrictMode mounts twice, the server is asked once and the page listens once", async () => {
  const { world, tab } = newTab();
  world.server.signIn();
  const place = document.createElement("div");
  const root = createRoot(place);
  const drawn: string[] = [];
  await doing(() => root.render(createElement(StrictMode, {}, createElement(Page, { client: tab.client, drawn: (what) => drawn.push(what) }))));
  await doing(settle);
  expect(world.server.log).toEqual(["GET /session (nobody)"]);
  expect(place.querySelector("main")?.className).toBe("active");
  await doing(() => world.run(8 * MINUTE));
  expect(place.textContent).toContain("warning 120");
  await doing(() => root.unmount());
  await settle();
  expect([tab.timers, tab.heard]).toEqual([[], []]);
});

it("a page that makes room for the next asks the server nothing", async () => {
  const { world, tab } = newTab();
  world.server.signIn();
  const root = createRoot(document.createElement("div"));
  const turn = (key: string) => doing(() => root.render(createElement(Page, { key, client: tab.client, drawn: () => undefined })));
  await turn("orders");
  await doing(settle);
  world.server.log.length = 0;
  await turn("account");
  await doing(settle);
  expect([world.server.log, tab.timers.length]).toEqual([[], 1]);
  await doing(() => root.unmount());
});

it("what is on the page is of one moment, also when time passes while it is drawn", async () => {
  const { world, tab } = newTab();
  world.server.signIn();
  const moments: string[][] = [];
  let slow = false;
  function Second({ client }: Pick<PageProps, "client">) {
    return createElement("i", {}, useIdleLogout(client).remaining);
  }
  function Slow() {
    if (slow) world.now += SECOND;
    slow = false;
    return null;
  }
  function Whole({ client, tag }: Pick<PageProps, "client"> & { tag: number }) {
    const { status } = useSession(client);
    return createElement("div", { "data-tag": tag, className: status }, createElement(Second, { client }), createElement(Slow), createElement(Second, { client }));
  }
  const place = document.createElement("div");
  const observer = new MutationObserver(() => moments.push(Array.from(place.querySelectorAll("i"), (each) => each.textContent ?? "")));
  const root = createRoot(place);
  const draw = (tag: number) => root.render(createElement(Whole, { client: tab.client, tag }));
  await doing(() => draw(1));
  await doing(() => world.run(9 * MINUTE));
  observer.observe(place, { subtree: true, childList: true, characterData: true, attributes: true });
  slow = true;
  await doing(() => startTransition(() => draw(2)));
  expect(slow).toBe(false);
  expect(Array.from(place.querySelectorAll("i"), (each) => each.textContent)).toEqual(["59", "59"]);
  for (const [first, second] of moments) expect(first).toBe(second);
  await doing(() => root.unmount());
});
