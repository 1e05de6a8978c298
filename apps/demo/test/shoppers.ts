import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { Browserlike, type View } from "./browserlike.ts";

const SHOPPERS = 6;

interface Visit {
  readonly client: Browserlike;
  readonly id: string;
  /** The one of before a sign-out, which a thief may have kept. */
  cookie: string;
  /** What its owner was told: a sign-out that was refused may have taken effect or not, so it counts as nothing. */
  told: "in" | "out" | "unknown";
}

/** People at the portal who sign in, fill their carts and sign out without end, and what they were told. */
export class Shoppers {
  readonly visits: Visit[] = [];
  /** Requests that were answered as on any day, and those that got 503. */
  answered = 0;
  refused = 0;
  /** When the last request began that got 503, and when the first answer came to one that began after `mark`. */
  lastRefused = 0;
  firstAnswer: number | undefined;
  /** Somebody was told to be signed in, and then not to be. */
  signedOut = 0;
  /** Answers that nobody should get. */
  readonly wrong: string[] = [];
  readonly #url: string;
  /** Of each of them: requests answered since their last 503. */
  readonly #rows = Array<number>(SHOPPERS).fill(0);
  #marked = Number.POSITIVE_INFINITY;
  #over = false;
  readonly #all: Promise<void[]>;

  constructor(url: string) {
    this.#url = url;
    this.#all = Promise.all(Array.from({ length: SHOPPERS }, (_, i) => this.#shop(i)));
  }

  mark(): number {
    return (this.#marked = performance.now());
  }

  /** From now on each of them has to be answered so often, without a 503 between. */
  async well(times: number): Promise<void> {
    this.#rows.fill(0);
    await until(() => Math.min(...this.#rows) >= times || this.wrong.length > 0);
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#all;
  }

  /** How many were told what is not so. */
  async lost(): Promise<number> {
    let lost = 0;
    for (const { client, cookie, told } of this.visits) {
      if (told === "unknown") continue;
      const { state } = await client.json<View>("GET", "/session", undefined, cookie);
      if ((state === "active") !== (told === "in")) lost += 1;
    }
    return lost;
  }

  async #shop(shopper: number): Promise<void> {
    for (let i = shopper; !this.#over; i += 1) {
      const client = new Browserlike(this.#url);
      const answer = await this.#ask(shopper, client, "POST", "/api/sign-in", 200, { username: i % 2 ? "ada" : "grace", password: "correct-horse" });
      if (!answer) continue;
      const visit: Visit = { client, id: ((await answer.json()) as { id: string }).id, cookie: client.cookie, told: "in" };
      this.visits.push(visit);
      for (const [method, path, body] of [["POST", "/api/cart", { item: "rope" }], ["GET", "/session"], ["GET", "/api/cart"], ["POST", "/session/touch"], ["GET", "/session"]] as const) {
        await this.#ask(shopper, client, method, path, 200, body, visit);
      }
      if (i % 3 === 0 || visit.told !== "in") continue;
      visit.cookie = client.cookie;
      visit.told = "unknown";
      if (await this.#ask(shopper, client, "POST", "/session/logout", 204, { scope: "this" })) visit.told = "out";
    }
  }

  /** The answer where it is the one that is expected. */
  async #ask(shopper: number, client: Browserlike, method: string, path: string, expected: number, body?: unknown, visit?: Visit): Promise<Response | undefined> {
    const cookie = client.cookie;
    const began = performance.now();
    const answer = await client.sendOnly(method, path, body).catch((error: unknown) => String(error));
    if (typeof answer === "string") return void this.wrong.push(`${method} ${path}: ${answer}`);
    if (answer.status === 503) {
      this.refused += 1;
      this.#rows[shopper] = 0;
      this.lastRefused = began;
      if (answer.headers.getSetCookie().length > 0) this.wrong.push(`${method} ${path}: 503 with a cookie`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return undefined;
    }
    const over = visit && (answer.status === 401 || (path === "/session" && ((await answer.clone().json()) as View).id !== visit.id));
    if (over) {
      this.signedOut += visit.told === "in" ? 1 : 0;
      visit.told = "unknown";
      return undefined;
    }
    if (answer.status !== expected) return void this.wrong.push(`${method} ${path}: ${answer.status} with ${cookie === "" ? "no cookie" : "a cookie"}`);
    this.answered += 1;
    if (began > this.#marked) this.firstAnswer ??= performance.now();
    this.#rows[shopper] = (this.#rows[shopper] ?? 0) + 1;
    client.take(answer);
    return answer;
  }
}
