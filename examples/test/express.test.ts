import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

conforms("the express example", () => startExample("express", ["src/main.ts"]));
