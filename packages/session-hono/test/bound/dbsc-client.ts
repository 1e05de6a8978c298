import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { ORIGIN } from "../support.ts";

interface App {
  request(url: string, init: RequestInit): Response | Promise<Response>;
}

export interface BoundKeyPair {
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, string>>;
}

export function newKey(alg: "ES256" | "RS256" = "ES256"): BoundKeyPair {
  const { privateKey } = alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { alg, privateKey, jwk: createPublicKey(privateKey).export({ format: "jwk" }) as Record<string, string> };
}

/** A proof, signed by node:crypto alone. */
export function proofOf({ alg, privateKey }: Pick<BoundKeyPair, "alg" | "privateKey">, payload: object, header: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg, typ: "dbsc+jwt", ...header })}.${part(payload)}`;
  const signature = sign("sha256", Buffer.from(signed), alg === "ES256" ? { key: privateKey, dsaEncoding: "ieee-p1363" } : privateKey);
  return `${signed}.${signature.toString("base64url")}`;
}

interface Instructions {
  readonly session_identifier: string;
  readonly refresh_url: string;
  readonly scope: { readonly include_site: boolean; readonly scope_specification: readonly { readonly type: string; readonly domain: string; readonly path: string }[] };
  readonly credentials: readonly { readonly type: string; readonly name: string; readonly attributes: string }[];
}

export interface BoundSessionOfBrowser {
  readonly key: BoundKeyPair;
  instructions: Instructions;
  challenge: string | undefined;
}

const REGISTRATION = /^\(([\w ]+)\);path="([^"]+)";challenge="([^"]+)"(?:;authorization="([^"]+)")?$/;
const CHALLENGE = /^"([^"]+)";id="([^"]+)"$/;
const BROWSER = { origin: ORIGIN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty" };

/** A browser that binds, by the algorithms of the specification and with the strictness of Chromium 156, and shows both forms of its headers. */
export class BindingBrowser {
  readonly jar = new Map<string, { readonly value: string; readonly until: number; readonly attributes: string }>();
  readonly sessions = new Map<string, BoundSessionOfBrowser>();
  /** Statuses of the answers to registrations and refreshes. */
  readonly registrations: number[] = [];
  readonly refreshes: number[] = [];
  readonly #app: App;
  readonly #now: () => number;
  /** Quoted, as the specification has it; Chromium sends bare ones. */
  quoted = false;
  binds = true;
  alg: "ES256" | "RS256" = "ES256";
  /** Something happens while the refresh is under way. */
  during: (() => unknown) | undefined;

  constructor(app: App, now: () => number) {
    this.#app = app;
    this.#now = now;
  }

  get cookie(): string {
    return [...this.jar].filter(([, { until }]) => until > this.#now()).map(([name, { value }]) => `${name}=${value}`).join("; ");
  }

  /** What the browser does with an answer by itself. */
  heed = (response: Response): Promise<void> => this.#afterwards(response);

  /** The jar alone, as malware takes it. */
  copyJar(): BindingBrowser {
    const thief = new BindingBrowser(this.#app, this.#now);
    for (const [name, cookie] of this.jar) thief.jar.set(name, cookie);
    return thief;
  }

  get = (path: string, headers: Record<string, string> = {}): Promise<Response> => this.send("GET", path, headers);
  post = (path: string, headers: Record<string, string> = {}): Promise<Response> => this.send("POST", path, headers);

  async send(method: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
    const skipped = await this.#defer(path);
    const response = await this.raw(method, path, { ...(method === "GET" ? {} : { origin: ORIGIN, "sec-fetch-site": "same-origin" }), ...(skipped ? { "secure-session-skipped": skipped } : {}), ...headers });
    await this.#afterwards(response);
    return response;
  }

  /** A link on a page of another origin: no refresh for it, and of the jar what SameSite lets through. A page that asks for itself again is of this origin. */
  async follow(path: string, site: "cross-site" | "same-site"): Promise<{ answers: number[]; text: string }> {
    const kept = [...this.jar].filter(([, { attributes }]) => site === "cross-site" && attributes.includes("SameSite=Strict"));
    for (const [name] of kept) this.jar.delete(name);
    const first = await this.raw("GET", path, { "sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" });
    for (const [name, cookie] of kept) this.jar.set(name, cookie);
    const text = await first.text();
    const [, to] = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(text) ?? [];
    if (to === undefined) return { answers: [first.status], text };
    const again = new URL(to.replaceAll("&amp;", "&"), ORIGIN + path);
    if (again.origin !== ORIGIN) throw new Error(`led to ${again.origin}`);
    const second = await this.get(again.pathname + again.search, { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" });
    return { answers: [first.status, second.status], text: await second.text() };
  }

  /** Without anything a binding browser does by itself, but for the jar. */
  async raw(method: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
    const { cookie } = this;
    const response = await this.#app.request(ORIGIN + path, { method, headers: { ...(cookie ? { cookie } : {}), ...headers } });
    for (const line of response.headers.getSetCookie()) this.#take(line);
    return response;
  }

  /** Takes the ticket away, as its Max-Age does. */
  expireTicket(): void {
    for (const name of this.jar.keys()) if (name.includes("bound")) this.jar.delete(name);
  }

  async refresh(session: BoundSessionOfBrowser): Promise<"done" | "unreachable" | "server_error" | "over"> {
    const { instructions, key } = session;
    for (let attempt = 0; attempt < 4; attempt++) {
      const proof = session.challenge === undefined ? {} : { "secure-session-response": this.#text(proofOf(key, { jti: session.challenge })) };
      const response = await this.raw("POST", instructions.refresh_url, { ...BROWSER, "sec-secure-session-id": this.#text(instructions.session_identifier), ...proof });
      this.refreshes.push(response.status);
      await this.during?.();
      this.#heed(response);
      if (response.ok) {
        const text = await response.text();
        if (text !== "") session.instructions = JSON.parse(text) as Instructions;
        return "done";
      }
      if (response.status >= 500) return "server_error";
      if (response.status !== 403 || !response.headers.has("secure-session-challenge")) break;
    }
    this.sessions.delete(instructions.session_identifier);
    return "over";
  }

  #text = (value: string): string => (this.quoted ? `"${value}"` : value);

  async #defer(path: string): Promise<string | undefined> {
    for (const session of Array.from(this.sessions.values())) {
      const { instructions } = session;
      const excluded = instructions.scope.scope_specification.some((rule) => path === rule.path || path.startsWith(`${rule.path}/`));
      const missing = instructions.credentials.some(({ name, attributes }) => {
        const cookie = this.jar.get(name);
        return !cookie || cookie.until <= this.#now() || cookie.attributes !== attributes;
      });
      if (excluded || !missing || path === instructions.refresh_url) continue;
      const outcome = await this.refresh(session);
      if (outcome === "server_error") return `server_error;session_identifier="${instructions.session_identifier}"`;
    }
    return undefined;
  }

  async #afterwards(response: Response): Promise<void> {
    const clear = response.headers.get("clear-site-data") ?? "";
    if (clear.includes('"cookies"')) this.jar.clear();
    if (clear.includes('"storage"')) this.sessions.clear();
    this.#heed(response);
    const header = response.headers.get("secure-session-registration");
    if (header === null || !this.binds) return;
    const [, algorithms = "", path = "", challenge = "", authorization] = REGISTRATION.exec(header) ?? [];
    if (!algorithms.split(" ").includes(this.alg)) return;
    const key = newKey(this.alg);
    const proof = proofOf(key, { jti: challenge, ...(authorization === undefined ? {} : { authorization }) }, { jwk: key.jwk });
    const answer = await this.raw("POST", path, { ...BROWSER, "secure-session-response": this.#text(proof) });
    this.registrations.push(answer.status);
    if (!answer.ok) return;
    const instructions = JSON.parse(await answer.text()) as Instructions;
    this.sessions.set(instructions.session_identifier, { key, instructions, challenge: undefined });
    this.#heed(answer);
  }

  #heed(response: Response): void {
    const [, challenge, id = ""] = CHALLENGE.exec(response.headers.get("secure-session-challenge") ?? "") ?? [];
    const session = this.sessions.get(id);
    if (session && challenge !== undefined) session.challenge = challenge;
  }

  #take(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const at = pair.indexOf("=");
    const maxAge = attributes.find((attribute) => attribute.startsWith("Max-Age="))?.slice("Max-Age=".length);
    const until = maxAge === undefined ? Number.POSITIVE_INFINITY : this.#now() + Number(maxAge) * 1000;
    if (maxAge === "0") this.jar.delete(pair.slice(0, at));
    else this.jar.set(pair.slice(0, at), { value: pair.slice(at + 1), until, attributes: attributes.filter((attribute) => !attribute.startsWith("Max-Age=")).join("; ") });
  }
}
