import { conforms } from "../../test/conformance.ts";
import { startExample } from "../../test/program.ts";

conforms("the fastify example", () => startExample("fastify", ["src/main.ts"]));
