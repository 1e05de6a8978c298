import { servePages } from "@holdfast/examples-shared/pages";

const dist = new URL("dist/", import.meta.url);
// The components, built for the server.
const { render } = (await import(new URL("server/render.js", dist).href)) as typeof import("./src/render.tsx");

await servePages(dist, render);
