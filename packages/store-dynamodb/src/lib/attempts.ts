import { type Clock, HoldfastError } from "@holdfast/session-core/store";
import { heed } from "@holdfast/session-core/store-kit";

/** With the pauses between them some ten seconds; the deadline of the call comes first. */
const ATTEMPTS = 60;
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 400;

/**
 * Asks until there is an answer: `undefined` says that somebody else was faster and nothing took effect. Rejects with the signal's reason as soon as
 * it fires. The pauses are random, or those who collided would collide again.
 */
export async function untilAnswered<T>(clock: Clock, signal: AbortSignal | undefined, ask: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    signal?.throwIfAborted();
    const answer = await heed(signal, ask());
    if (answer !== undefined) return answer;
    await heed(signal, clock.wait(Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt)));
  }
  throw new HoldfastError("unavailable", `Others wrote to the same rows of DynamoDB each time, ${ATTEMPTS} times in a row.`);
}

/** Reasons for which a transaction is called off and may be tried again as it is, or after another look. */
const PASSING: readonly unknown[] = ["None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/**
 * `true`: it took effect. `false`: its condition does not hold. `undefined`: another transaction has a row of it in hand, or a condition of a transaction
 * does not hold: look again. Other faults reject as they are.
 */
export async function outcomeOf(write: Promise<unknown>): Promise<boolean | undefined> {
  try {
    await write;
    return true;
  } catch (fault) {
    const { name, CancellationReasons }: { name?: unknown; CancellationReasons?: readonly { readonly Code?: unknown }[] } = Object(fault);
    if (name === "ConditionalCheckFailedException") return false;
    if (name === "TransactionConflictException") return undefined;
    if (name === "TransactionCanceledException" && CancellationReasons?.every(({ Code }) => PASSING.includes(Code))) return undefined;
    throw fault;
  }
}
