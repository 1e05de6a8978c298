import { client } from "./client.ts";
import type { Suite } from "./case.ts";
import { protocol } from "./protocol.ts";

export const BROWSER_SUITES: readonly Suite[] = [protocol, client];
