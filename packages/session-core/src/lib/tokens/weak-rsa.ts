const LEAST_BYTES = 256;

// Primes modulo which the keys of a faulty generator (ROCA, CVE-2017-15361) are powers of 65537; among other keys one in 2^80 is.
const PRIMES = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167] as const;

/** Whether a modulus is shorter than 2048 bits, or of the generator whose keys can be factored. */
export function isWeakRsa(modulus: Uint8Array): boolean {
  const bytes = modulus.subarray(modulus.findIndex((byte) => byte !== 0));
  return bytes.length < LEAST_BYTES || (bytes.length === LEAST_BYTES && (bytes[0] ?? 0) < 0x80) || PRIMES.every((prime) => isPower(bytes, prime));
}

function isPower(bytes: Uint8Array, prime: number): boolean {
  const rest = bytes.reduce((rest, byte) => (rest * 256 + byte) % prime, 0);
  let power = 1;
  do {
    if (power === rest) return true;
    power = (power * 65_537) % prime;
  } while (power !== 1);
  return false;
}
