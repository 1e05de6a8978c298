import { HoldfastError } from "@holdfast/session-core";
import { Fault } from "../fault.ts";

/** A wrong option of the command line, or of the description. */
export function faultOf(error: unknown, ofCommand: readonly string[]): unknown {
  if (!(error instanceof HoldfastError) || error.code !== "config") return error;
  return new Fault(ofCommand.includes(error.option ?? "") ? "usage" : "invalid", error.message);
}
