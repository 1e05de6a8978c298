import { createElement, memo } from "react";
import { useIdleLogout, useSession } from "../../src/react.ts";
import type { PageProps } from "./behaves.ts";

const Warning = memo(function Warning({ client, drawn }: PageProps) {
  const { status, remaining, by, extend, logout } = useIdleLogout(client);
  const text = [status, remaining, by].filter(Boolean).join(" ");
  drawn(text);
  const dialog = createElement("div", { key: "d", role: "alertdialog" }, createElement("button", { onClick: extend }, "Stay"), createElement("button", { onClick: logout }, "Leave"));
  return [createElement("p", { key: "p" }, text), status === "warning" ? dialog : null];
});

export function Page({ client, drawn }: PageProps) {
  const session = useSession(client);
  const name = "view" in session && session.view.state === "active" ? session.view.subject : "Welcome";
  return createElement("main", { className: session.status }, createElement("h1", {}, name), createElement(Warning, { client, drawn }));
}
