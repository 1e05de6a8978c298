import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

conforms("the react-router example", () => startExample("react-router", ["node_modules/@react-router/serve/bin.cjs", "build/server/index.js"]), { page: true });
