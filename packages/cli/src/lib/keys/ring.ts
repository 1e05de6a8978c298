export type Step = "add" | "promote" | "remove";

/** What can be told of a key. */
export interface RingKey {
  /** `id 2`, or `kid` and the thumbprint. */
  readonly name: string;
  readonly state: "next" | "active" | "retired";
  readonly since: number;
  readonly alg?: string;
}

/** A step, the key that it is about, and from when on no request fails for it. */
export interface DueStep {
  readonly step: Step;
  readonly key?: string;
  readonly from: number;
}

/** A key file of either kind. */
export interface Ring {
  readonly kind: "sessions" | "tokens";
  readonly keys: readonly RingKey[];
  /** What comes next. */
  readonly due: DueStep;
  /** This step, where the file has a key for it. */
  readonly dueOf: (step: Step) => DueStep | undefined;
  /** @throws HoldfastError `config` for a step that the file does not allow */
  readonly take: (due: DueStep, now: number, force: boolean) => Promise<Ring>;
  /** The file, with its secrets. */
  readonly text: () => string;
}

/** What says how long a key is needed. */
export interface Timing {
  readonly policy: "default" | "nistAal2" | "nistAal3" | "pci" | "hipaa" | "banking";
  /** In ms; instead of what the policy says. */
  readonly longest?: number;
  readonly lifetime: number;
  readonly jwksMaxAge: number;
}

/** The file as it is written. */
export const textOf = (file: object): string => `${JSON.stringify(file, null, 2)}\n`;
