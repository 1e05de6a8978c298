/** The cookies of one browser: by name, with what scripts may see told apart. */
export class Jar {
  readonly #cookies = new Map<string, string>();

  #header = "";

  /** As the `Cookie` header of a request; empty without any. */
  get header(): string {
    return this.#header;
  }

  get(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  /** Takes the `Set-Cookie` headers of an answer. Returns what of it a cookie store tells scripts. */
  take(headers: readonly string[]): { readonly changed: { readonly name: string }[]; readonly deleted: { readonly name: string }[] } | undefined {
    if (headers.length === 0) return undefined;
    const changed: { name: string }[] = [];
    const deleted: { name: string }[] = [];
    for (const header of headers) {
      const [pair = "", ...attributes] = header.split(";").map((part) => part.trim());
      const at = pair.indexOf("=");
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      const before = this.#cookies.get(name);
      const gone = attributes.some((attribute) => /^max-age=(?:0|-.*)$/i.test(attribute));
      if (gone) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
      if (attributes.some((attribute) => /^httponly$/i.test(attribute)) || before === (gone ? undefined : value)) continue;
      (gone ? deleted : changed).push({ name });
    }
    this.#header = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join("; ");
    return changed.length + deleted.length > 0 ? { changed, deleted } : undefined;
  }

  clear(): void {
    this.#cookies.clear();
    this.#header = "";
  }
}
