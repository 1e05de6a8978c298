import { type App, sessionId, type View } from "../app.ts";
import { h } from "../dom.ts";
import { plural } from "../time.ts";

interface SignedIn {
  readonly id: string;
  readonly cart: readonly string[];
}

export function signIn(app: App, next: string): View {
  const { session } = app;
  const username = h("input", { id: "username", name: "username", type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, maxlength: 64 });
  const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true, maxlength: 256, "aria-describedby": "sign-in-error" });
  const error = h("p", { class: "note bad", id: "sign-in-error", role: "alert", hidden: true });
  const button = h("button", { class: "btn", type: "submit" }, "Sign in");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    error.hidden = true;
    button.disabled = true;
    const answer = await app.call<SignedIn>("POST", "/api/sign-in", { username: username.value.trim(), password: password.value });
    button.disabled = false;
    if (answer.ok) return app.signedIn({ before: sessionId(session), after: answer.value.id, carried: answer.value.cart.length }, next);
    error.textContent = answer.status === 401 && answer.type === "about:blank" ? "That name and password do not belong together." : answer.title;
    error.hidden = false;
    password.focus();
    password.select();
  };
  const take = (name: string) => (): void => {
    username.value = name;
    password.value = "correct-horse";
    button.focus();
  };
  const form = h(
    "form",
    { class: "card stack", onsubmit: (event) => void submit(event) },
    h("div", { class: "field" }, h("label", { for: "username" }, "Name"), username),
    h("div", { class: "field" }, h("label", { for: "password" }, "Password"), password),
    error,
    button,
  );
  const accounts = h(
    "section",
    { class: "note keys", "aria-label": "Demo accounts" },
    h("p", {}, "Two people have an account here. Both use the password ", h("code", {}, "correct-horse"), "."),
    h("div", { class: "row" }, h("button", { class: "btn small quiet", type: "button", onclick: take("ada") }, "Fill in ada"), h("button", { class: "btn small quiet", type: "button", onclick: take("grace") }, "Fill in grace")),
  );
  const node = h("div", { class: "narrow stack" }, h("header", { class: "head" }, h("h1", { tabindex: "-1" }, "Come aboard"), h("p", { class: "soft" }, before(app))), form, accounts);
  return { title: "Sign in", node };
}

function before({ session }: App): string {
  if (session.state !== "guest") return "Signing in begins a session with an id of its own.";
  return `Your crate holds ${plural(session.data.cartCount, "thing")}. It comes along; the guest session it lives in ends, and a new one with another id begins.`;
}
