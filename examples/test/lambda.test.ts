import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

for (const payload of ["1.0", "2.0"]) {
  conforms(`the lambda example, payload format ${payload}`, () => startExample("lambda", ["src/local.ts"], { PAYLOAD: payload }));
}
