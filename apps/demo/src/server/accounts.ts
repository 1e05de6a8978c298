import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

export const DEMO_ACCOUNTS = ["ada", "grace"] as const;
export const DEMO_PASSWORD = "correct-horse";

interface Hash {
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** Checks a password; the same work and the same answer for a user who does not exist. */
export type VerifyPassword = (username: string, password: string) => Promise<boolean>;

/** Holdfast never owns users. This is the application's part: two accounts, hashed when the portal starts. */
export async function createAccounts(names: readonly string[] = DEMO_ACCOUNTS, password: string = DEMO_PASSWORD): Promise<VerifyPassword> {
  const accounts = new Map<string, Hash>();
  for (const name of names) accounts.set(name, await hash(password, randomBytes(16)));
  const nobody = await hash(randomBytes(16).toString("hex"), randomBytes(16));
  return async (username, attempt) => {
    const account = accounts.get(username);
    const expected = account ?? nobody;
    const actual = await hash(attempt, expected.salt);
    return timingSafeEqual(actual.key, expected.key) && account !== undefined;
  };
}

function hash(password: string, salt: Buffer): Promise<Hash> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: 2 ** 14, r: 8, p: 1 }, (error, key) => (error ? reject(error) : resolve({ salt, key })));
  });
}
