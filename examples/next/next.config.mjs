import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // The sources shared by the examples are TypeScript, outside of this folder.
  transpilePackages: ["@holdfast/examples-shared"],
  turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
  // Types are checked by the repository's `typecheck`.
  typescript: { ignoreBuildErrors: true },
};
