export interface Shown {
  readonly id: string;
  readonly chain: number;
  readonly step: number;
}

interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly header: string;
}

/** A browser's cookies. */
export class Jar {
  #cookies = new Map<string, string>();

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  take(cookies: readonly SetCookie[]): void {
    for (const { name, value, header } of cookies) {
      if (header.includes("Max-Age=0")) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  copy(): Jar {
    const jar = new Jar();
    jar.#cookies = new Map(this.#cookies);
    return jar;
  }
}

/** What the credentials in a Cookie header, or those of one name, say of themselves, in the order in which a server looks at them. */
export function shownIn(header: string, name?: string): Shown[] {
  const shown = header.split("; ").flatMap((pair) => {
    const text = pair.slice(pair.indexOf("=") + 1);
    if (text.length !== 96 || (name !== undefined && !pair.startsWith(`${name}=`))) return [];
    const bytes = Buffer.from(text, "base64url");
    return [{ id: text.slice(0, 24), chain: bytes.readUInt8(21), step: bytes.readUInt16BE(22) }];
  });
  return shown.sort((a, b) => (a.chain === 0 ? 1 : b.chain === 0 || (a.chain - b.chain + CHAINS) % CHAINS < CHAINS / 2 ? -1 : 1));
}

/** Chains begin again after so many; guests have none (decision 005). */
const CHAINS = 224;
