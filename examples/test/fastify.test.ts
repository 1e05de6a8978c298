import { conforms } from "./conformance.ts";
import { startExample } from "./program.ts";

conforms("the fastify example", () => startExample("fastify", ["src/main.ts"]));
