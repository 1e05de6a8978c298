import { durationText as inWords } from "@holdfast/session-browser/dialog";
import { type App, type Changeover, isSignedIn, type View } from "../app.ts";
import { h, icon, setText } from "../dom.ts";
import { film } from "../film.ts";
import { gauge } from "../gauge.ts";
import { agoText, durationText, plural } from "../time.ts";
import { unlisted } from "../unlisted.ts";
import { proved } from "./step-up.ts";

export function account(app: App): View {
  const { session, config } = app;
  if (!isSignedIn(session)) throw new Error("The account page needs a session.");
  const idle = gauge("Idle time left", `Starts again with everything you do. ${durationText(config.idle)} in all.`, config.idle);
  const absolute = gauge("Session time left", `Nothing but proving who you are moves this one. ${durationText(config.absolute)} in all.`, config.absolute);
  const since = h("dd", {});
  const dock = film(app);
  const begun = Date.now() - session.authenticatedAgo * 1000;

  const extend = async (): Promise<void> => {
    app.toast((await app.extend()) ? "Rope paid in: you have the whole time again." : "That did not work. Are you still signed in?");
  };
  const node: HTMLElement = h(
    "div",
    {},
    h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Your session"), h("p", { class: "soft" }, "Two ropes hold it. When either runs out you are signed out, in every tab, by the server.")),
    h(
      "div",
      { class: "stack" },
      app.changeover ? changeoverNote(app.changeover) : null,
      h(
        "div",
        { class: "split" },
        h("section", { class: "card stack ropes", "aria-label": "Deadlines" }, idle.node, absolute.node, h("div", { class: "row wide" }, h("button", { class: "btn", type: "button", onclick: () => void extend() }, "Stay signed in"))),
        h(
          "section",
          { class: "card", "aria-labelledby": "facts" },
          h("h2", { id: "facts" }, "What it is"),
          h(
            "dl",
            { class: "facts" },
            fact("Signed in as", session.subject),
            h("div", {}, h("dt", {}, "Last proved"), since),
            fact("Session id", session.id, true),
            fact("Epoch", session.epoch, true),
            fact("Crate", plural(session.data.cartCount, "thing")),
            fact("Kept in", config.store),
          ),
        ),
      ),
      h("div", { class: "split even" }, preferences(app), h("div", { class: "stack" }, leaving(app, () => void proved(app, node, "Signing out everywhere", () => app.signOut("all"))), dock.node)),
    ),
  );
  return {
    title: "Your session",
    node,
    end: dock.stop,
    tick() {
      const left = app.remaining();
      if (!left) return;
      idle.set(left.idle, left.idle <= config.warn);
      absolute.set(left.absolute, left.absolute <= config.warn);
      setText(since, agoText(Date.now() - begun));
    },
  };
}

const fact = (name: string, value: string, mono = false): HTMLElement => h("div", {}, h("dt", {}, name), h("dd", { class: mono ? "mono" : undefined }, value));

function changeoverNote({ before, after, carried }: Changeover): HTMLElement {
  const text = before
    ? `Your crate came along (${plural(carried, "thing")}). The id did not: the guest session and its credential are dead, so nobody who knew them is signed in as you.`
    : "A new session began. There was none before, so there was nothing to carry over.";
  return h(
    "section",
    { class: "note good stack", "aria-label": "What changed" },
    h("p", {}, text),
    h("div", { class: "swap" }, h("p", { class: "id" }, h("span", { class: "soft" }, "Before"), before ? h("s", { class: "mono" }, before) : h("span", {}, "no session")), icon("i-arrow"), h("p", { class: "id now" }, h("span", { class: "soft" }, "Now"), h("b", { class: "mono" }, after))),
  );
}

function preferences(app: App): HTMLElement {
  if (!isSignedIn(app.session)) return h("section");
  const { greeting = "", theme = "system" } = app.session.data;
  const text = h("input", { id: "greeting", type: "text", maxlength: 80, value: greeting, autocomplete: "off", placeholder: "Welcome aboard" });
  const choice = (value: string, label: string): HTMLElement => h("label", {}, h("input", { type: "radio", name: "theme", value, checked: theme === value }), h("span", {}, label));
  const button = h("button", { class: "btn quiet", type: "submit" }, "Save both");
  const form = h(
    "form",
    { class: "stack" },
    h("p", { class: "soft" }, `Take your time: you are signed out only after ${inWords(app.config.idle, "en")} in which nothing happens, and warned before. What is not saved is lost then.`),
    h("div", { class: "field" }, h("label", { for: "greeting" }, "Greeting in the shop"), text),
    h("fieldset", {}, h("legend", {}, "Light"), h("div", { class: "choice" }, choice("system", "Auto"), choice("light", "Day"), choice("dark", "Night"))),
    h("div", { class: "row" }, button),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = String(new FormData(form).get("theme") ?? "system");
    // Two writes at once, on purpose: the server folds both into the session, and neither is lost.
    void Promise.all([app.call("POST", "/api/prefs", { key: "greeting", value: text.value }), app.call("POST", "/api/prefs", { key: "theme", value: chosen })]).then(async (answers) => {
      const failed = answers.find((answer) => !answer.ok);
      app.toast(failed && !failed.ok ? failed.title : "Saved, two writes at the same moment.");
      await app.refresh();
    });
  });
  return h("section", { class: "card stack", "aria-labelledby": "prefs" }, h("h2", { id: "prefs" }, "As you like it"), form);
}

function leaving(app: App, everywhere: () => void): HTMLElement {
  const { listable, endsAll } = app.config;
  return h(
    "section",
    { class: "card stack", "aria-labelledby": "leave" },
    h("h2", { id: "leave" }, "Going ashore"),
    h("p", { class: "soft" }, `Signing out ends the session on the server first, then here, then in your other tabs. ${listable ? "Everywhere means on your other devices too." : unlisted(endsAll)}`),
    h(
      "div",
      { class: "row wide" },
      h("button", { class: "btn quiet", type: "button", onclick: () => void app.signOut("this") }, "Sign out"),
      endsAll && h("button", { class: "btn alarm", type: "button", onclick: everywhere }, "Sign out everywhere"),
    ),
  );
}
