import { configError, text } from "./config-error.ts";

/** @throws HoldfastError `config`: no place that every engine can listen on */
export function listenFrom(value: unknown): string {
  const listen = text("listen", value, /^(?:[A-Za-z0-9.-]{0,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/, "host:port or :port");
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon);
  const port = Number(listen.slice(colon + 1));
  if (port < 1 || port > 65_535) throw configError("listen", "must have a port from 1 to 65535.");
  if (host === "unix" || (host !== "" && !URL.canParse(`http://${host}/`))) throw configError("listen", "must be host:port or :port, with an IPv6 address in brackets.");
  return listen;
}
