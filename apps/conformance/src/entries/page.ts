import { runSuites, type Outcome } from "../suite/case.ts";
import { BROWSER_SUITES } from "../suite/pages.ts";

/** In a page, which is asked for it. */
Object.assign(globalThis, { conformance: (): Promise<Outcome> => runSuites(BROWSER_SUITES, "browser") });
