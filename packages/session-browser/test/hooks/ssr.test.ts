import { createElement } from "react";
import { renderToString as reactToString } from "react-dom/server";
import { createComponent, renderToString as solidToString } from "solid-js/web";
import { render as svelteToString } from "svelte/server";
import { describe, expect, it } from "vitest";
import { createSSRApp } from "vue";
import { renderToString as vueToString } from "@vue/server-renderer";
import { createSessionClient } from "../../src/index.ts";
import { type PageProps, renderedBy, VIEW } from "./behaves.ts";
import { Page as ReactPage } from "./pages.react.ts";
import { Page as SolidPage } from "./Page.solid.tsx";
import SveltePage from "./Page.svelte";
import { Page as VuePage } from "./pages.vue.ts";

const renderers: Record<string, (props: PageProps) => string | Promise<string>> = {
  react: (props) => reactToString(createElement(ReactPage, props)),
  vue: (props) => vueToString(createSSRApp(VuePage, { ...props })),
  svelte: (props) => svelteToString(SveltePage, { props }).body,
  solid: (props) => solidToString(() => createComponent(SolidPage, props)),
};

describe.each(Object.entries(renderers))("%s on a server", (name, render) => {
  it("renders the view without window, and nobody listens afterwards", async () => {
    expect(typeof window).toBe("undefined");
    const client = createSessionClient();
    let listeners = 0;
    const listen: typeof client.listen = (listener) => (listeners++, client.listen(listener));
    client.hydrate(VIEW);
    const html = await render({ client: { ...client, listen }, drawn: () => undefined });
    // What the test of the same name in the browser takes over.
    await expect(html).toMatchFileSnapshot(renderedBy(name));
    expect(html).toContain("warning 25 idle");
    expect(listeners).toBe(0);
  });

  it("without a view it renders the state before the first answer", async () => {
    const html = await render({ client: createSessionClient(), drawn: () => undefined });
    expect(html).toContain("Welcome");
    expect(html).not.toContain("dialog");
  });
});
