import type { LogoutOutcome, LogoutScope } from "@holdfast/session-browser";
import type { EndedReason } from "@holdfast/session-protocol";
import type { Answer, App, Changeover, PortalConfig, Session, View } from "./app.ts";
import { createConnection } from "./connection.ts";
import { h, icon, setText } from "./dom.ts";
import { percent } from "./gauge.ts";
import { account } from "./views/account.ts";
import { admin } from "./views/admin.ts";
import { cluster } from "./views/cluster.ts";
import { devices } from "./views/devices.ts";
import { ended } from "./views/ended.ts";
import { shop } from "./views/shop.ts";
import { signIn } from "./views/sign-in.ts";
import { saveDraft } from "./note.ts";
import { plural } from "./time.ts";
import { createWarning, WARNING_STRINGS } from "./warning.ts";

const REASONS: readonly string[] = ["idle", "absolute", "revoked", "reuse", "logout"] satisfies EndedReason[];
const PRIVATE: Readonly<Record<string, (app: App) => View>> = { "/account": account, "/devices": devices, "/admin": admin };

const config = written<PortalConfig>("config") ?? ({} as PortalConfig);
const main = part("main");
const who = part("who");
const hawser = part("hawser");
const live = part("live");

let changeover: Changeover | undefined;
let view: View | undefined;
let shownPath = "";
let ticking: ReturnType<typeof setTimeout> | undefined;

const connection = createConnection(config, {
  changed: () => redraw(),
  over: leave,
  ticked: tick,
  // Hidden, not taken away: what was typed is there again when it was a false alarm.
  doubted: (doubt) => document.body.toggleAttribute("data-doubt", doubt),
});

const app: App = {
  config,
  get session() {
    return connection.session;
  },
  get changeover() {
    return changeover;
  },
  remaining: () => connection.remaining(),
  async call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    try {
      const response = await connection.fetch(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }) });
      const answer: unknown = response.headers.get("content-type")?.includes("json") ? await response.json() : undefined;
      if (response.ok) return { ok: true, value: answer as T };
      const { type = "", title = "The server could not do that.", detail, reason } = (answer ?? {}) as Readonly<Record<string, string>>;
      return { ok: false, status: response.status, type, title: detail ?? reason ?? title };
    } catch {
      return { ok: false, status: 0, type: "offline", title: "The server does not answer. Nothing was changed." };
    }
  },
  async refresh() {
    await connection.refresh();
    chrome();
  },
  async signedIn(next, path) {
    changeover = next;
    await connection.refresh();
    go(path);
  },
  extend: () => connection.extend(),
  signOut,
  hold: (reason, max, ended) => connection.hold(reason, max, ended),
  announce(text) {
    setText(live, "");
    requestAnimationFrame(() => setText(live, text));
  },
  toast(text) {
    document.querySelector(".toast")?.remove();
    const toast = h("p", { class: "toast" }, text);
    document.body.append(toast);
    app.announce(text);
    setTimeout(() => toast.remove(), 4000);
  },
};

const warning = createWarning(config.warn);

/** A real navigation, not a drawn one: nothing of the session stays in this page, and the server clears the dead cookie. */
function leave(reason: EndedReason): void {
  if (location.pathname === "/signed-out") return;
  main.replaceChildren();
  const next = location.pathname in PRIVATE ? `&next=${encodeURIComponent(location.pathname)}` : "";
  location.replace(`/signed-out?why=${reason}${next}`);
}

async function signOut(scope: LogoutScope): Promise<LogoutOutcome> {
  const outcome = await connection.signOut(scope);
  if (outcome !== "done" && scope !== "others") app.toast(outcome === "pending" ? "Signed out here. The server did not answer; it is told as soon as it does." : "Signed out here, and only here.");
  return outcome;
}

function go(path: string): void {
  if (path !== location.pathname + location.search) history.pushState(null, "", path);
  draw();
  scrollTo(0, 0);
}

/** The session became another one: draw what is allowed now, without moving the focus of somebody who is typing. */
function redraw(): void {
  const focused = document.activeElement;
  draw(focused === document.body || (focused !== null && main.contains(focused)));
}

function draw(moveFocus = true): void {
  const before = shownPath;
  view?.end?.();
  view = choose(new URL(location.href));
  shownPath = location.pathname;
  // Told once: on the session page, until one leaves it.
  if (before === "/account" && shownPath !== "/account") changeover = undefined;
  main.replaceChildren(view.node);
  document.title = `${view.title} · Holdfast Chandlery`;
  chrome();
  tick();
  if (moveFocus) main.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
}

function choose(url: URL): View {
  const next = safeNext(url.searchParams.get("next"));
  const signedIn = connection.session.state === "active";
  const closed = PRIVATE[url.pathname];
  if (closed && signedIn) return closed(app);
  if (closed) {
    history.replaceState(null, "", `/sign-in?next=${encodeURIComponent(url.pathname)}`);
    return signIn(app, url.pathname);
  }
  if (url.pathname === "/sign-in" && signedIn) {
    history.replaceState(null, "", next);
    return (PRIVATE[next] ?? shop)(app);
  }
  if (url.pathname === "/sign-in") return signIn(app, next);
  if (url.pathname === "/signed-out") {
    const why = url.searchParams.get("why") ?? "";
    return ended(app, REASONS.includes(why) ? (why as EndedReason) : undefined, next);
  }
  if (url.pathname === "/cluster" && config.clustered) return cluster(app);
  return shop(app);
}

/** Only pages of our own, so that no link can send somebody away after signing in. */
const safeNext = (next: string | null): string => (next !== null && (next === "/" || Object.hasOwn(PRIVATE, next)) ? next : "/account");

function chrome(): void {
  const { session } = connection;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("nav a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  who.replaceChildren(chip(session), session.state === "active" ? h("button", { class: "btn small quiet", type: "button", onclick: () => void signOut("this") }, "Sign out") : h("a", { class: "btn small quiet", href: "/sign-in" }, "Sign in"));
  const theme = session.state === "active" ? session.data.theme : undefined;
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

function chip(session: Session): HTMLElement {
  if (session.state === "none") return h("span", { class: "chip", "data-kind": "none" }, "No session");
  const name = session.state === "active" ? session.subject : "Guest";
  const things = session.data.cartCount;
  return h("span", { class: "chip", "data-kind": session.state, title: `Session ${session.id}` }, h("b", {}, name), h("a", { href: "/", "aria-label": `Crate: ${plural(things, "thing")}`, class: "crate-link" }, icon("i-cart"), things));
}

/** Each second while a countdown can be seen. Nothing ticks in a hidden tab or signed out, and a warning's seconds are the client's. */
function tick(): void {
  clearTimeout(ticking);
  view?.tick?.();
  const left = connection.session.state === "active" ? connection.remaining() : undefined;
  hawser.style.setProperty("--left", `${left ? percent(left.idle, config.idle) : 0}%`);
  const near = connection.warning;
  hawser.toggleAttribute("data-warn", near !== undefined);
  if (near) warning.draw(near.endsIn);
  else if (left && document.visibilityState === "visible") ticking = setTimeout(tick, Math.ceil(left.idle % 1000) || 1000);
}

/** What the server wrote into the page. */
function written<T>(name: "config" | "session"): T | undefined {
  const json = document.querySelector<HTMLMetaElement>(`meta[name="portal-${name}"]`)?.content;
  return json ? (JSON.parse(json) as T) : undefined;
}

function part(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.origin !== location.origin || link.hash || location.pathname === "/signed-out") return;
  event.preventDefault();
  go(link.pathname + link.search);
});
addEventListener("popstate", () => draw());

document.addEventListener("visibilitychange", tick);

part("nodes-link").hidden = !config.clustered;
await connection.start(written<Session>("session"));
connection.beforeLogout(() => saveDraft(app));
connection.warn({ element: warning.element, strings: WARNING_STRINGS, leave: () => void signOut("this"), cue: true });
draw(false);
