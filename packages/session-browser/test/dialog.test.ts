// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { attachDialog, type DialogOptions, durationText } from "../src/dialog.ts";
import { createIdleTimer } from "../src/idle.ts";
import { MINUTE, SECOND, settle, type Tab, World } from "./tabs.ts";

const IDLE = 10 * MINUTE;
const WARN = 2 * MINUTE;

/** What somebody sees and hears of it. */
function shown(): { open: boolean; title: string; text: string; left: string; spoken: string; stay: string; leave: string } {
  const dialog = document.querySelector("dialog");
  const text = (name: string): string => {
    const part = dialog?.querySelector<HTMLElement>(`[data-session=${name}]`);
    return part && !part.hidden ? (part.textContent ?? "") : "";
  };
  return { open: !!dialog?.open, title: text("title"), text: text("text"), left: text("left"), spoken: text("spoken"), stay: text("stay"), leave: text("leave") };
}
const click = async (name: string): Promise<void> => {
  document.querySelector<HTMLElement>(`dialog [data-session=${name}]`)?.click();
  await settle();
};
const escape = async (): Promise<Event> => {
  const event = new Event("cancel", { cancelable: true });
  document.querySelector("dialog")?.dispatchEvent(event);
  await settle();
  return event;
};
/** Timers of the dialog; those of the clients are the world's. */
const linger = async (world: World, ms = 300): Promise<void> => {
  vi.advanceTimersByTime(ms);
  await world.run(0);
  await settle();
};

async function open(options: DialogOptions = {}, client: Parameters<World["tab"]>[0] = { whileWarning: "ask" }, absolute?: number) {
  const world = new World();
  if (absolute) world.server.absolute = absolute;
  world.server.signIn("e1");
  const tab: Tab = await world.tab(client);
  const other: Tab = await world.tab(client);
  const detach = attachDialog(tab.client, options);
  return { world, server: world.server, tab, other, detach };
}

/** As browsers read it: the DOM of this test does not collapse spaces. */
const title = (): string => document.title.replaceAll(/\s+/g, " ").trim();

let warnings: string[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(console, "warn").mockImplementation((...words) => void warnings.push(words.join(" ")));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  document.body.replaceChildren();
  document.title = "";
  warnings = [];
});

describe("the idle warning", () => {
  it("[L09] is an alert dialog with a name, a description, a silent timer and a live region", async () => {
    const { world } = await open({}, { whileWarning: "ask" }, 8 * 60 * MINUTE);
    const dialog = document.querySelector("dialog");
    expect(dialog).toBeNull();
    await world.run(IDLE - WARN - SECOND);
    expect(shown().open).toBe(false);
    await world.run(SECOND);
    expect(shown()).toMatchObject({ open: true, title: "Are you still there?", stay: "Stay signed in", leave: "Sign out now" });
    const made = document.querySelector("dialog");
    const named = (attribute: string): string => (made?.getAttribute(attribute) ?? "").split(" ").map((id) => document.getElementById(id)?.textContent).join(" ");
    expect(made?.getAttribute("role")).toBe("alertdialog");
    expect(named("aria-labelledby")).toBe("Are you still there?");
    expect(named("aria-describedby")).toBe("You were inactive and will be signed out. 2 minutes left.");
    expect(made?.querySelector("[data-session=left]")?.getAttribute("role")).toBe("timer");
    expect(made?.querySelector("[aria-live=assertive]")?.getAttribute("data-session")).toBe("spoken");
    expect(warnings).toEqual([]);
  });

  it("[L09] [L02] is seen each second, and heard each minute and each 20 s of the last one", async () => {
    const { world } = await open();
    await world.run(IDLE - WARN);
    const seen: string[] = [];
    const heard: [number, string][] = [];
    const live = document.querySelector("[data-session=spoken]");
    const observer = new MutationObserver(() => void heard.push([left, live?.textContent ?? ""]));
    if (live) observer.observe(live, { childList: true, characterData: true, subtree: true });
    let left = 120;
    for (; left > 0; left--) {
      seen.push(shown().left);
      await world.run(SECOND);
    }
    expect(new Set(seen).size).toBe(120);
    expect(seen.slice(0, 2)).toEqual(["2 minutes", "1 minute, 59 seconds"]);
    expect(seen.at(-1)).toBe("1 second");
    // `left` is counted down after the second that brought the words.
    expect(heard.map(([at, text]) => `${at - 1}: ${text}`)).toEqual(["60: 1 minute left.", "40: 40 seconds left.", "20: 20 seconds left."]);
    expect(shown().open).toBe(false);
  });

  it("[L02] gives ten extensions by one action, and more", async () => {
    const { world, tab } = await open({}, { whileWarning: "ask" }, 8 * 60 * MINUTE);
    for (let i = 0; i < 12; i++) {
      await world.run(IDLE - 20 * SECOND);
      expect(shown()).toMatchObject({ open: true, left: "20 seconds" });
      if (i % 2) await click("stay");
      else expect((await escape()).defaultPrevented).toBe(true);
      expect(shown().open).toBe(false);
      expect(tab.status).toBe("active");
    }
  });

  it("[L06] opens and closes with the session, whichever tab extends it", async () => {
    const { world, other } = await open();
    await world.run(IDLE - WARN);
    expect(shown().open).toBe(true);
    await other.client.extend();
    await linger(world);
    expect(shown().open).toBe(false);
  });

  it("stays for the moment in which a key or finger comes up again, when going down has ended the warning", async () => {
    const { world, tab } = await open({}, {});
    await world.run(IDLE - WARN);
    await tab.input("keydown");
    expect(tab.status).toBe("active");
    expect(shown().open).toBe(true);
    await linger(world, 299);
    expect(shown().open).toBe(true);
    await linger(world, 1);
    expect(shown().open).toBe(false);
  });

  it("says so when extending did not work, and stays", async () => {
    const { world, server } = await open();
    await world.run(IDLE - WARN);
    server.down = "network";
    await click("stay");
    expect(shown()).toMatchObject({ open: true, text: "That did not work. Try again.", spoken: "That did not work. Try again." });
    server.down = undefined;
    await click("stay");
    expect(shown().open).toBe(false);
    await world.run(IDLE - WARN);
    expect(shown()).toMatchObject({ open: true, text: "You were inactive and will be signed out." });
  });

  it("signs out in all tabs, or does what it was told instead", async () => {
    const { world, tab, other, detach } = await open();
    await world.run(IDLE - WARN);
    const leave = vi.fn<() => void>();
    detach();
    attachDialog(tab.client, { leave });
    await click("leave");
    expect(leave).toHaveBeenCalledOnce();
    expect(shown().open).toBe(true);
    attachDialog(tab.client);
    await click("leave");
    expect(shown().open).toBe(false);
    expect([tab.status, other.status]).toEqual(["none", "none"]);
  });

  it("[L05] is gone at once when the machine slept past the end", async () => {
    const { world, tab } = await open();
    await world.run(IDLE - WARN);
    world.sleep(10 * MINUTE);
    await tab.emit("window", "focus");
    expect(shown().open).toBe(false);
  });

  it("comes back when the page closed it without an answer", async () => {
    const { world } = await open();
    await world.run(IDLE - WARN);
    document.querySelector("dialog")?.close();
    await world.run(SECOND);
    expect(shown()).toMatchObject({ open: true, left: "1 minute, 59 seconds" });
  });
});

describe("a page that throws its content away", () => {
  it.each([undefined, 11 * MINUTE])("has the dialog back within a second, in front and with the focus (absolute: %s)", async (absolute) => {
    const { world } = await open({}, { whileWarning: "ask" }, absolute);
    await world.run((absolute ? 9 : 8) * MINUTE + SECOND);
    expect(shown().open).toBe(true);
    document.body.replaceChildren();
    const modal = vi.spyOn(HTMLDialogElement.prototype, "showModal");
    await world.run(2 * SECOND);
    expect(document.querySelectorAll("dialog")).toHaveLength(1);
    expect(modal).toHaveBeenCalledTimes(1);
    expect(document.activeElement).toBe(document.querySelector("[data-session=stay]"));
  });
});

describe("the absolute limit", () => {
  it("[L03] is announced in advance in words of its own, and the notice can be put away, since nothing extends it", async () => {
    const { world, server, tab } = await open({}, {}, 12 * MINUTE);
    await world.run(5 * MINUTE);
    await tab.client.extend();
    await world.run(5 * MINUTE - SECOND);
    expect(shown().open).toBe(false);
    await world.run(SECOND);
    expect(shown()).toEqual({ open: true, title: "Your session ends soon", text: "It cannot be extended. Save your work.", left: "2 minutes", spoken: "2 minutes left.", stay: "Continue", leave: "Sign out now" });
    server.log.length = 0;
    await escape();
    expect(shown().open).toBe(false);
    expect(server.log).toEqual([]);
    await world.run(MINUTE);
    expect(shown().open).toBe(false);
    // Another session has a limit of its own.
    await world.run(MINUTE);
    expect(tab.status).toBe("expired");
    server.signIn("e2");
    await tab.client.refresh();
    for (let i = 0; i < 2; i++, await tab.client.extend()) await world.run(5 * MINUTE);
    expect(shown()).toMatchObject({ open: true, title: "Your session ends soon" });
  });

  it("[L03] is heard of anew when an idle warning becomes one by being extended", async () => {
    const { world, tab } = await open({}, { whileWarning: "ask" }, 11 * MINUTE);
    await world.run(9.5 * MINUTE);
    expect(shown().title).toBe("Are you still there?");
    const opened = vi.spyOn(HTMLDialogElement.prototype, "showModal");
    await tab.client.extend();
    expect(shown()).toMatchObject({ open: true, title: "Your session ends soon", stay: "Continue", spoken: "1 minute, 30 seconds left." });
    expect(opened).toHaveBeenCalledOnce();
  });
});

describe("limits that leave too little time", () => {
  it.each([
    [{ idle: 20 * SECOND }, 1],
    [{ idle: 27 * SECOND }, 0],
    [{ absolute: 109 * MINUTE }, 1],
    [{ absolute: 110 * MINUTE }, 0],
    [{ absolute: 60 * MINUTE, essential: true }, 0],
    [{ idle: 3 * 60 * MINUTE, absolute: 20 * 60 * MINUTE }, 0],
  ])("[L02] are said aloud once: %o", async ({ idle, absolute = 8 * 60 * MINUTE, essential = false }: { idle?: number; absolute?: number; essential?: boolean }, times) => {
    const world = new World();
    Object.assign(world.server, { idle: idle ?? IDLE, absolute });
    world.server.signIn("e1");
    const tab = await world.tab({});
    attachDialog(tab.client, { essential });
    await tab.client.extend();
    await world.run(2 * MINUTE);
    expect(warnings).toHaveLength(times);
    if (times) expect(warnings[0]).toContain("WCAG 2.2.1");
  });

  it.each([
    [{ idle: 10 * SECOND, absolute: 30 * SECOND }, 1],
    [{ idle: IDLE, absolute: 109 * MINUTE }, 1],
    [{ idle: IDLE, absolute: 110 * MINUTE }, 0],
    [{ idle: IDLE }, 0],
  ])("[L02] of an idle timer too: %o", async (limits, times) => {
    const world = new World();
    const { environment } = await world.tab();
    const timer = createIdleTimer({ ...limits, environment });
    attachDialog(timer);
    timer.start();
    await world.run(SECOND);
    expect(warnings).toHaveLength(times);
  });

  it("[L02] of the session after a guest's, whose limits say nothing", async () => {
    const { world, server, tab } = await open();
    warnings = [];
    server.end("logout");
    Object.assign(server, { fetch: async () => Response.json({ state: "guest", id: "g", data: null, idleIn: 86_400, idleFor: 86_400, expiresIn: 864_000, epoch: "g1" }) });
    const guest = await world.tab();
    attachDialog(guest.client);
    expect(guest.status).toBe("guest");
    const short = new World();
    short.server.idle = 20 * SECOND;
    short.server.signIn("e2");
    Object.assign(server, { fetch: short.server.fetch });
    await guest.client.refresh();
    await tab.client.refresh();
    expect(guest.status).toBe("active");
    expect(warnings).toHaveLength(1);
  });

  it("[L02] and a dialog without a button to stay, or without words for it, is refused", async () => {
    const { tab } = await open();
    for (const missing of ["title", "text", "spoken", "stay"]) {
      const element = document.createElement("dialog");
      element.innerHTML = ["title", "text", "spoken", "stay"].filter((name) => name !== missing).map((name) => `<p data-session="${name}"></p>`).join("");
      expect(() => attachDialog(tab.client, { element })).toThrow(new RangeError(`element: no [data-session=${missing}].`));
    }
  });
});

describe("attaching", () => {
  const own = (): HTMLDialogElement => {
    document.body.innerHTML = '<dialog><h3 id="mine" data-session="title"></h3><p data-session="text"></p><p data-session="spoken"></p><button data-session="stay"></button></dialog>';
    return document.querySelector("dialog") as HTMLDialogElement;
  };

  it("takes an element of the page, with the parts it has, and leaves it there", async () => {
    const element = own();
    const { world, detach } = await open({ element });
    await world.run(IDLE - WARN);
    expect(shown()).toEqual({ open: true, title: "Are you still there?", text: "You were inactive and will be signed out.", left: "", spoken: "2 minutes left.", stay: "Stay signed in", leave: "" });
    expect(element.getAttribute("aria-labelledby")).toBe("mine");
    detach();
    expect(element.open).toBe(false);
    expect(element.isConnected).toBe(true);
    await world.run(SECOND);
    expect(element.open).toBe(false);
  });

  it("is idempotent: the client has one dialog, and an earlier one's end does not touch it", async () => {
    const { world, tab, detach } = await open();
    await world.run(IDLE - WARN);
    const second = attachDialog(tab.client);
    expect(document.querySelectorAll("dialog")).toHaveLength(1);
    detach();
    expect(shown().open).toBe(true);
    second();
    second();
    expect(document.querySelectorAll("dialog")).toHaveLength(0);
    await world.run(SECOND);
    expect(document.querySelectorAll("dialog")).toHaveLength(0);
  });

  it("and one that is refused takes nothing away", async () => {
    const { world, tab } = await open();
    expect(() => attachDialog(tab.client, { element: document.createElement("dialog") })).toThrow(RangeError);
    const element = document.createElement("div");
    element.innerHTML = ["title", "text", "spoken", "stay"].map((name) => `<p data-session="${name}"></p>`).join("");
    expect(() => attachDialog(tab.client, { element: element as never })).toThrow(new RangeError("element: no dialog."));
    await world.run(IDLE - WARN);
    expect(shown().open).toBe(true);
  });

  it("speaks other languages, durations too", async () => {
    const { world } = await open({ strings: { lang: "de", idle: { title: "Noch da?", text: "Sie werden abgemeldet.", stay: "Angemeldet bleiben" }, leave: "Abmelden", left: (duration) => `Noch ${duration}.` } });
    await world.run(IDLE - 100 * SECOND);
    expect(shown()).toEqual({ open: true, title: "Noch da?", text: "Sie werden abgemeldet.", left: "1 Minute, 40 Sekunden", spoken: "Noch 2 Minuten.", stay: "Angemeldet bleiben", leave: "Abmelden" });
    expect(document.querySelector("dialog")?.lang).toBe("de");
  });

  it("puts the time before the title of a page in the background, and takes it away again", async () => {
    document.title = "Inbox";
    const { world } = await open({ cue: true });
    let hidden = false;
    vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
    await world.run(IDLE - WARN);
    expect(title()).toBe("Inbox");
    hidden = true;
    await world.run(SECOND);
    expect(title()).toBe("1 minute, 59 seconds · Inbox");
    await world.run(SECOND);
    expect(title()).toBe("1 minute, 58 seconds · Inbox");
    document.title = "Inbox (1)";
    await world.run(SECOND);
    expect(title()).toBe("1 minute, 57 seconds · Inbox (1)");
    hidden = false;
    await world.run(SECOND);
    expect(title()).toBe("Inbox (1)");
    hidden = true;
    await world.run(SECOND);
    await click("stay");
    expect(title()).toBe("Inbox (1)");
  });

  it("works for an idle timer without a server", async () => {
    const world = new World();
    const { environment } = await world.tab();
    const timer = createIdleTimer({ idle: IDLE, whileWarning: "ask", environment });
    attachDialog(timer);
    timer.start();
    const run = async (ms: number): Promise<void> => world.run(ms);
    await run(IDLE - WARN);
    expect(shown()).toMatchObject({ open: true, left: "2 minutes", leave: "" });
    await click("stay");
    expect(shown().open).toBe(false);
    expect(timer.get().status).toBe("active");
  });

  it("does nothing on a server", () => {
    vi.stubGlobal("document", undefined);
    const subscribe = vi.fn<() => () => void>();
    attachDialog({ subscribe, extend: () => true })();
    expect(subscribe).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
  });
});

describe("durations in words", () => {
  it.each([
    [30 * MINUTE, "en", "30 minutes"],
    [MINUTE, "en", "1 minute"],
    [90 * MINUTE, "en", "1 hour, 30 minutes"],
    [1, "en", "1 second"],
    [107 * SECOND, "de", "1 Minute, 47 Sekunden"],
    [2 * MINUTE, "ar", "دقيقتان"],
  ])("[L04] %i ms in %s: %s", (ms, lang, text) => {
    expect(durationText(ms, lang)).toBe(text);
  });
});
