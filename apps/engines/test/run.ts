import type { EngineName } from "../src/driver/types.ts";
import type { World } from "./world.ts";

/** One thing that has to hold in every engine. */
export interface Run {
  readonly id: string;
  readonly title: string;
  /** Rows of docs/standards.md. */
  readonly proves?: readonly string[];
  /** Why it does not hold yet, and where if not everywhere. */
  readonly todo?: { readonly why: string; readonly in?: readonly EngineName[] };
  /** `note` says what this engine did, for the table. Returns `cannot` when the engine cannot be driven to it. */
  play(world: World, note: (text: string) => void): Promise<{ readonly cannot: string } | void>;
}
