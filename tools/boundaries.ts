import { findBreaches } from "./lib/boundaries.ts";
import { conclude } from "./lib/shell.ts";
import { root } from "./lib/workspace.ts";

// `pnpm boundaries`: who imports whom, in package.json and in the sources. The rest of the house rules for sources
// (no `any`, no `!`, 300 lines at most) are oxlint's: see .oxlintrc.json.
conclude("boundaries", findBreaches(root), "every import is allowed");
