import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

conforms("the sveltekit example", () => startExample("sveltekit", ["build/index.js"]), { page: true });
