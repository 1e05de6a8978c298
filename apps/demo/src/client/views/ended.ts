import type { EndedReason } from "@holdfast/session-protocol";
import type { App, View } from "../app.ts";
import { h, icon } from "../dom.ts";
import { durationText } from "../time.ts";

/** Where somebody lands whose session is over: says why, and leads back. */
export function ended(app: App, reason: EndedReason | undefined, next: string): View {
  const [title, text] = words(app, reason);
  const calm = reason === "logout" || reason === undefined;
  const node = h(
    "div",
    { class: "narrow stack" },
    h("div", { class: calm ? "ended-mark calm" : "ended-mark" }, icon("i-mark")),
    h("header", { class: "head" }, h("h1", { tabindex: "-1" }, title), h("p", { class: "soft" }, text)),
    h("div", { class: "row wide" }, h("a", { class: "btn", href: `/sign-in${next === "/account" ? "" : `?next=${encodeURIComponent(next)}`}` }, calm ? "Sign in" : "Sign in again"), h("a", { class: "btn quiet", href: "/" }, "To the shop")),
  );
  return { title, node };
}

function words({ config }: App, reason: EndedReason | undefined): readonly [string, string] {
  switch (reason) {
    case "idle":
      return ["You were signed out because of inactivity", `Nothing happened here for ${durationText(config.idle)}, so the session ended to keep your things yours. What was on this page is gone from it.`];
    case "absolute":
      return ["Your watch is over", `A session lasts ${durationText(config.absolute)} at most, however busy you are. Sign in to begin another.`];
    case "revoked":
      return ["This session was ended from elsewhere", "You, or somebody who keeps this harbour, ended it on another device. If that was not you, change your password."];
    case "reuse":
      return ["This session was ended for your safety", "An old credential of it turned up again, as it would if somebody had copied it. Sign in to begin a clean one."];
    case "logout":
    case undefined:
      return ["You are signed out", "The session is over on the server, in this tab and in all others."];
  }
}
