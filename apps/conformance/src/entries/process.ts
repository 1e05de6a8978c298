import { runSuites, type RuntimeKind } from "../suite/case.ts";
import { SERVER_SUITES } from "../suite/servers.ts";
import { OUTCOME } from "./marks.ts";

// On Node, Deno and Bun: says on its last line what became of each case. What others gave comes as the one argument.
const { versions, argv } = globalThis.process;
const kind: RuntimeKind = versions["bun"] ? "bun" : versions["deno"] ? "deno" : "node";
const outcome = await runSuites(SERVER_SUITES, kind, JSON.parse(argv[2] ?? "{}") as Record<string, string>);
console.log(OUTCOME + JSON.stringify({ ...outcome, version: versions[kind] }));
