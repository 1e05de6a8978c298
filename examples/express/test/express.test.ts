import { conforms } from "../../test/conformance.ts";
import { startExample } from "../../test/program.ts";

conforms("the express example", () => startExample("express", ["src/main.ts"]));
