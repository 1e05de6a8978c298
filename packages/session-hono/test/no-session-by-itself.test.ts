import { expect, it } from "vitest";
import { Browser, world } from "./support.ts";

it("[M09] nothing that a visitor does begins a session, until the application says so", async () => {
  const { app, calls } = world();
  const browser = new Browser(app);
  for (const path of ["/", "/private", "/session", "/session/devices"]) expect((await browser.get(path)).headers.getSetCookie(), path).toEqual([]);
  for (const path of ["/session/touch", "/session/refresh", "/session/logout"]) expect((await browser.post(path)).headers.getSetCookie(), path).toEqual([]);
  expect(calls.filter((verb) => verb !== "read")).toEqual([]);
  expect(browser.jar.size).toBe(0);
  expect((await browser.post("/sign-in")).headers.getSetCookie()).toHaveLength(1);
});
