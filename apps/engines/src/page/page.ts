import { type ClientEvent, type ClientState, createSessionClient, type SessionClient } from "@holdfast/session-browser";
import { wipeAtEnd } from "@holdfast/session-browser/wipe";
import { task } from "./task.ts";
import { form } from "./form.ts";
import { CLOCK, type Offsets, pageClock, type PageClock } from "./page-clock.ts";

/** What the server writes into a page for its script. */
export interface Settings extends Offsets {
  readonly hintCookie?: string;
  /** What the server knew when it made the page. */
  readonly view?: Parameters<SessionClient["hydrate"]>[0];
  /** The page has the form, with the dialog of the warning. */
  readonly form: boolean;
  /** Address of a document in a frame of this page. */
  readonly frame?: string;
  /** Origins of frames whose reports count. */
  readonly frames: readonly string[];
  /** Whether the page has Web Locks; else they are taken away, as where there is no secure context. */
  readonly locks: boolean;
  /** Wipes what the page stored when the session ends. */
  readonly wipe: boolean;
}

/** What tests find in the page. Everything that the client is used for stands in this file. */
export interface PageApi {
  readonly client: SessionClient;
  readonly clock: PageClock;
  /** Each status since the page began, with its reason. */
  readonly statuses: string[];
  readonly events: ClientEvent["type"][];
  /** The text that could be read at each paint and event since the page last came back. */
  readonly shown: string[];
  /** Messages on the client's channel. */
  readonly heard: unknown[];
  /** What the warning's live region said, with the seconds left by the client's state. */
  readonly spoken: (readonly [text: string, left: number])[];
  /** How often the page came back from the back-forward cache. */
  readonly restored: () => number;
  /** Resolves when no request of the client is under way and none waits for the lock, or after 15 s. */
  readonly quiet: () => Promise<void>;
}

declare global {
  var holdfast: PageApi;
}

const settings = JSON.parse(document.querySelector("#settings")?.textContent ?? "") as Settings;
const clock = pageClock(settings);
const statuses: string[] = [];
const events: ClientEvent["type"][] = [];
const shown: string[] = [];
const heard: unknown[] = [];
const spoken: [string, number][] = [];
const underWay = new Set<Promise<unknown>>();
let restored = 0;

if (!settings.locks) Object.defineProperty(navigator, "locks", { value: undefined });

/** What `quiet` waits for. */
function watched<T>(work: Promise<T>): Promise<T> {
  underWay.add(work);
  const landed = (): boolean => underWay.delete(work);
  work.then(landed, landed);
  return work;
}

const client = createSessionClient({
  frames: settings.frames,
  // The dialog's page warns as by default, and its own keys are no answer to the warning.
  ...(settings.form ? { whileWarning: "ask" } : { warnBefore: 20_000 }),
  leaveWithin: 10_000,
  ...(settings.hintCookie === undefined ? {} : { hintCookie: settings.hintCookie }),
  environment: {
    ...clock.parts,
    fetch(input, init) {
      const answer = fetch(input, init);
      // An answer is there when its body is.
      void watched(answer.then(async (response) => response.clone().arrayBuffer()));
      return answer;
    },
    // A busy machine takes its time to grant one, and no request is under way meanwhile.
    locks: navigator.locks && { request: (...asked: unknown[]) => watched(Reflect.apply(navigator.locks.request, navigator.locks, asked)) },
  },
});

if (settings.view) {
  client.hydrate(settings.view);
  addEventListener("unload", () => undefined);
}
if (settings.form) form(client, spoken);
if (settings.wipe) wipeAtEnd(client, { keep: (_kind, name) => name === CLOCK });

/** As an application would: hides what nobody else may see while it is not confirmed, and removes it when the session is over. */
function draw(state: ClientState): void {
  const entry = "reason" in state && state.reason !== undefined ? `${state.status}:${state.reason}` : state.status;
  if (statuses.at(-1) !== entry) statuses.push(entry);
  document.body.dataset["status"] = entry;
  const secret = document.querySelector<HTMLElement>("#secret");
  if (!secret) return;
  const alive = state.status === "active" || state.status === "warning" || state.status === "offline";
  if (alive) secret.hidden = !state.confirmed;
  else if (state.status !== "none" || state.known) secret.remove();
  else secret.hidden = true;
}

for (const type of ["status", "restored", "asked", "held"] as const) client.on(type, () => events.push(type));
client.subscribe(draw);

// After the client's own listeners: what a person could see from here on.
const look = (): void => void shown.push(document.body.innerText);
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  restored++;
  shown.length = 0;
  look();
  let frames = 0;
  const frame = (): void => {
    look();
    if (frames++ < 60) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});

const channel = new BroadcastChannel("session:/session");
channel.addEventListener("message", ({ data }) => heard.push(data));

async function quiet(): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, 45_000, "late"));
  // What an answer leads to comes a few tasks after it.
  for (let calm = 0; calm < 3; calm++) {
    if (underWay.size === 0) await task();
    else if ((await Promise.race([patience, Promise.allSettled(underWay)])) === "late") return;
    else calm = 0;
  }
}

globalThis.holdfast = { client, clock, statuses, events, shown, heard, spoken, restored: () => restored, quiet };
