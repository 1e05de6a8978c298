import type { Suite } from "./case.ts";
import { answers } from "./answers.ts";
import { backChannel } from "./back-channel.ts";
import { bound } from "./bound.ts";
import { encrypted } from "./encrypted.ts";
import { keys } from "./keys.ts";
import { opaque } from "./opaque.ts";
import { protocol } from "./protocol.ts";
import { sealed } from "./sealed.ts";
import { stores } from "./stores.ts";
import { tokens } from "./tokens.ts";

export const SERVER_SUITES: readonly Suite[] = [opaque, answers, encrypted, stores, sealed, tokens, bound, backChannel, keys, protocol];
