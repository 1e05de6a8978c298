import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

conforms("the next example", () => startExample("next", ["node_modules/next/dist/bin/next", "start"]), { page: true });
