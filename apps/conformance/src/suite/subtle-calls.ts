/** Names of the calls of WebCrypto that `work` makes. */
export async function subtleCalls(work: () => unknown): Promise<string[]> {
  const calls: string[] = [];
  const { subtle } = crypto;
  const names = ["encrypt", "decrypt", "importKey", "sign", "verify", "digest", "deriveKey", "deriveBits", "generateKey", "exportKey", "wrapKey", "unwrapKey"] as const;
  // Own members in front of those of the prototype.
  for (const name of names) {
    const original = subtle[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(subtle, name, { configurable: true, value: (...args: unknown[]) => (calls.push(name), Reflect.apply(original, subtle, args)) });
  }
  try {
    await work();
  } finally {
    for (const name of names) Reflect.deleteProperty(subtle, name);
  }
  return calls;
}
