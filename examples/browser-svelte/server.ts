import { servePages } from "@holdfast/examples-shared/pages";

await servePages(new URL("dist/", import.meta.url));
