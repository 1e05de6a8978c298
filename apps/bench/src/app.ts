/** One answer of an application under test. */
export interface Answer {
  readonly status: number;
  /** The `name=value` part of each Set-Cookie. */
  cookies(): string[];
  text(): Promise<string>;
}

/**
 * An application under test, driven in process. All serve the same three paths: `/` answers with the signed-in user,
 * `/sign-in` signs {@link USER} in, and `/write` changes the session.
 */
export interface App {
  /** npm packages whose versions belong to its figure. */
  readonly packages: readonly string[];
  get(path: string, cookie?: string): Promise<Answer>;
}

/** What a session holds: the same for everybody, about 300 bytes of JSON. */
export type User = {
  readonly user: string;
  readonly roles: readonly string[];
  readonly cart: readonly { readonly sku: string; readonly title: string; readonly count: number }[];
};

export const USER: User = {
  user: "user-42",
  roles: ["customer", "reviewer", "beta"],
  cart: [
    { sku: "rope-8mm-30m", title: "Dock line, three-strand, 8 mm by 30 m", count: 2 },
    { sku: "shackle-6", title: "Bow shackle, stainless, 6 mm", count: 4 },
    { sku: "fender-s", title: "Fender, small, navy blue", count: 3 },
  ],
};

/** Signs in and returns the Cookie header that a browser would send from then on. */
export async function signIn(app: App): Promise<string> {
  const answer = await app.get("/sign-in");
  const cookie = answer.cookies().join("; ");
  if (answer.status !== 200 || cookie === "") throw new Error(`The sign-in failed with ${answer.status}: ${await answer.text()}`);
  return cookie;
}
