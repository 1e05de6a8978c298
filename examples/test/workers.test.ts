import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

conforms("the workers example", () => startExample("workers", ["src/local.ts"]));
