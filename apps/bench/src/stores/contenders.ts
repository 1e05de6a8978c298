import { BETTER_AUTH } from "./better-auth.ts";
import type { Contender } from "./contender.ts";
import { FLOORS } from "./floors.ts";
import { OURS } from "./holdfast.ts";
import { PEERS } from "./peers.ts";

export const CONTENDERS: readonly Contender[] = [...FLOORS, ...OURS, ...PEERS, ...BETTER_AUTH];
