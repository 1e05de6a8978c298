/** Where a case runs. The two faces of workerd are one kind. */
export type RuntimeKind = "node" | "deno" | "bun" | "workerd" | "browser";

export interface Context {
  readonly kind: RuntimeKind;
  /** Hands something to the driver, which shows it to another runtime. */
  give(name: string, value: string): void;
  /** What other runtimes gave, by `name of the runtime/name`. Empty in a first run. */
  readonly taken: Readonly<Record<string, string>>;
}

/** Passes when it neither throws nor rejects. */
export interface Case {
  readonly name: string;
  readonly run: (context: Context) => unknown;
}

export interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

export interface CaseResult {
  readonly suite: string;
  readonly name: string;
  /** What was wrong; absent when it passed. */
  readonly fault?: string;
}

export interface Outcome {
  readonly results: readonly CaseResult[];
  readonly given: Readonly<Record<string, string>>;
}

/** One after the other, in one world each: cases share nothing. */
export async function runSuites(suites: readonly Suite[], kind: RuntimeKind, taken: Context["taken"] = {}): Promise<Outcome> {
  const results: CaseResult[] = [];
  const given: Record<string, string> = {};
  const context: Context = { kind, taken, give: (name, value) => void (given[name] = value) };
  for (const suite of suites) {
    for (const { name, run } of suite.cases) {
      try {
        await run(context);
        results.push({ suite: suite.name, name });
      } catch (error) {
        results.push({ suite: suite.name, name, fault: error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error) });
      }
    }
  }
  return { results, given };
}
