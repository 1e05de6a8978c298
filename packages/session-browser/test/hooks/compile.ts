import type { Plugin } from "vite";

/** Compiles the components of the hooks' tests, for the server or the browser as the test's environment says. Loads a compiler only when it meets a component. */
export const components: Plugin = {
  name: "components",
  enforce: "pre",
  async transform(code, id) {
    const generate = this.environment.name === "ssr" ? "server" : "client";
    if (id.endsWith(".svelte")) {
      const { compile } = await import("svelte/compiler");
      return { code: compile(code, { filename: id, generate }).js.code, map: null };
    }
    if (id.endsWith(".solid.tsx")) {
      const { transformAsync } = await import("@babel/core");
      const { default: solid } = await import("babel-preset-solid");
      const presets = [[solid, { generate: generate === "server" ? "ssr" : "dom", hydratable: true }]];
      const result = await transformAsync(code, { filename: id, babelrc: false, configFile: false, presets, parserOpts: { plugins: ["jsx", "typescript"] } });
      return { code: result?.code ?? "", map: null };
    }
    return undefined;
  },
};
