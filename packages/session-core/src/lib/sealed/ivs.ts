import { randomBytes } from "../bytes.ts";

const IV_BYTES = 12;
/** Drawn at once: asking the platform costs more than the bytes. */
const AT_ONCE = 256;

/** Random IVs of 96 bits, each given out once. */
export function createIvs(): () => Uint8Array {
  let pool: Uint8Array = new Uint8Array(0);
  let at = 0;
  return () => {
    if (at === pool.length) {
      pool = randomBytes(IV_BYTES * AT_ONCE);
      at = 0;
    }
    return pool.subarray(at, (at += IV_BYTES));
  };
}
