import { defineConfig } from "vite";

export default defineConfig({
  build: { outDir: "dist/client", emptyOutDir: true, target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], modulePreload: { polyfill: false }, assetsInlineLimit: 0, rolldownOptions: { input: ["index.html", "size-chart.html"] } },
  server: { host: "127.0.0.1", proxy: { "/api": "http://localhost:8787", "/session": "http://localhost:8787" } },
});
