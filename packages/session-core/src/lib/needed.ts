import { HoldfastError } from "./errors.ts";

/** A power of the store over the sessions of a subject. @throws HoldfastError `unsupported` where it has it not */
export function needed<Power>(power: Power | undefined): Power {
  if (power) return power;
  throw new HoldfastError("unsupported", "The store does not know the subject's sessions.");
}
