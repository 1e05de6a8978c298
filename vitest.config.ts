import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { components } from "./packages/session-browser/test/hooks/compile.ts";
import tsconfig from "./tsconfig.json" with { type: "json" };

// Unit tests read the sources (no build needed); the others drive the built portal as users get it.
const alias = Object.entries(tsconfig.compilerOptions.paths).map(([name, [file]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file ?? "", import.meta.url)),
}));

export default defineConfig({
  resolve: { alias },
  test: {
    // Time limits here and in the tests are nets that catch what hangs: no machine that is only slow may meet one.
    expect: { poll: { timeout: 30_000, interval: 20 } },
    projects: [
      { extends: true, plugins: [components], environments: { client: { resolve: { conditions: ["browser", "development"] } } }, test: { server: { deps: { inline: [/svelte/, /solid-js/] } }, name: "unit", include: ["packages/*/test/**/*.test.ts", "tools/test/**/*.test.ts"], exclude: ["packages/*/test/real/**"], testTimeout: 60_000 } },
      // Against real servers, which each file starts and stops (tools/services).
      { extends: true, test: { name: "stores", include: ["packages/*/test/real/**/*.test.ts", "tools/services/test/*.test.ts"], maxWorkers: 2, testTimeout: 120_000, hookTimeout: 120_000 } },
      {
        extends: true,
        test: {
          name: "system",
          include: ["apps/*/test/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { extends: true, test: { name: "examples", include: ["examples/test/*.test.ts", "examples/*/test/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
});
