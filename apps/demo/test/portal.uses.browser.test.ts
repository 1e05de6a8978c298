import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumHere } from "../../../tools/lib/chromium.ts";
import { heading, openPages, type Pages } from "./pages.ts";

const SECOND = 1000;
const IDLE = 60 * SECOND;
const WARN = 20 * SECOND;
const FILM = 300 * SECOND;
const NOTE = "Two fenders with it, please";

describe.skipIf(!chromiumHere("what the portal uses of the client is"))("what the portal uses of the client, in Chromium", () => {
  let pages: Pages;
  let context: BrowserContext;
  let page: Page;
  let asked: string[];

  const advance: Pages["advance"] = (ms) => pages.advance(ms);
  const warning = (of = page): ReturnType<Page["locator"]> => of.getByRole("alertdialog");
  const note = (of = page): ReturnType<Page["locator"]> => of.getByLabel("Note to the dock");
  const left = (): Promise<string | null> => page.getByRole("timer").first().textContent();
  const onServer = (path: string): Promise<Record<string, unknown>> => page.evaluate(async (path) => (await fetch(path, { headers: { "session-activity": "none" } })).json() as Promise<Record<string, unknown>>, path);

  beforeAll(async () => {
    pages = await openPages({ warn: WARN, policy: { idle: IDLE, absolute: 7200 * SECOND } });
    ({ context } = pages);
    page = await pages.newTab("/");
    context.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
    asked = [];
    await pages.signIn(page);
  });
  afterEach(async () => {
    await context.unrouteAll();
    expect(pages.complaints).toEqual([]);
  });
  afterAll(() => pages?.close());

  it("is drawn from the view in the page, and asks the server nothing", async () => {
    // Nothing of the page before is under way any more.
    await advance(SECOND);
    asked = [];
    await context.route("**/session", (route) => route.abort());
    await pages.open(page, "/account");
    await heading(page, "Your session");
    await page.getByText("Signed in as").waitFor();
    expect(asked.filter((request) => request.includes("/session"))).toEqual([]);
    await context.unrouteAll();
    // The view has the idle end that opening the page has moved: server and page agree.
    await advance(30 * SECOND);
    await pages.open(page, "/account");
    expect([await left(), (await onServer("/session"))["idleIn"]]).toEqual(["1:00", 60]);
  });

  it("saves what was typed in a tab when another one signs out, and keeps none of it in the browser", async () => {
    const other = await pages.newTab("/");
    await note(other).fill(NOTE);
    await other.getByText("Not saved yet.").waitFor();
    expect(await onServer("/api/note")).toEqual({ note: "" });
    // A reload loses nothing.
    await pages.open(other, "/");
    expect(await note(other).inputValue()).toBe(NOTE);

    await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
    await advance(SECOND);
    for (const each of [page, other]) await heading(each, "You are signed out");
    expect(await other.evaluate(() => JSON.stringify(Object.values({ ...sessionStorage, ...localStorage })))).not.toContain(NOTE);
    await other.close();

    await pages.signIn(page);
    await pages.open(page, "/");
    await expect.poll(() => note().inputValue()).toBe(NOTE);
    await page.getByLabel("Note to the dock").fill("");
    await page.getByRole("button", { name: "Save the note" }).click();
    await page.getByText("Saved with your account.").waitFor();
  });

  it("saves it before the idle end too, and wipes it from the browser then", async () => {
    await note().fill(NOTE);
    await advance(IDLE + 15 * SECOND);
    await heading(page, "You were signed out because of inactivity");
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain(NOTE);
    await pages.signIn(page);
    expect(await onServer("/api/note")).toEqual({ note: NOTE });
  });

  it("does not ask whether somebody is there who watches the film, for as long as it lasts", async () => {
    await page.getByRole("button", { name: "Play the film" }).click();
    await advance(SECOND);
    await page.mouse.move(500, 500, { steps: 2 });
    await advance(2 * IDLE);
    expect(await warning().count()).toBe(0);
    expect(await onServer("/session")).toMatchObject({ state: "active" });
    await advance(FILM - 2 * IDLE);
    await page.getByRole("button", { name: "Play the film" }).waitFor();
    await advance(IDLE - WARN + 5 * SECOND);
    await warning().waitFor();
    await page.keyboard.press("Enter");
    await warning().waitFor({ state: "hidden" });
  });

  it("stops the film with the page that shows it", async () => {
    await page.getByRole("button", { name: "Play the film" }).click();
    await page.getByRole("link", { name: "Devices" }).click();
    await heading(page, "Where you are signed in");
    await advance(IDLE - WARN + 10 * SECOND);
    await warning().waitFor();
    await page.keyboard.press("Enter");
    await warning().waitFor({ state: "hidden" });
  });

  it("counts what is done inside the size chart", async () => {
    await pages.open(page, "/");
    await page.getByText("Which line for which boat?").click();
    const chart = page.frameLocator("iframe");
    await chart.getByText("10 mm", { exact: true }).waitFor();
    const place = await page.locator("iframe").boundingBox();
    if (!place) throw new Error("no frame");
    for (let times = 1; times <= 8; times++) {
      await advance(10 * SECOND);
      // Movements alone, which the page around never gets to see: no click, so the focus stays where it was.
      await page.mouse.move(place.x + 40 + 10 * times, place.y + 30, { steps: 2 });
    }
    expect(await warning().count()).toBe(0);
    expect(await onServer("/session")).toMatchObject({ state: "active" });
    await advance(IDLE - WARN + 10 * SECOND);
    await warning().waitFor();
    await page.keyboard.press("Enter");
    await warning().waitFor({ state: "hidden" });
  });

  it("hides its content while only this browser's clock says that the session is over, and has it again when that was wrong", async () => {
    await pages.open(page, "/account");
    const greeting = page.getByLabel("Greeting in the shop");
    await greeting.fill("half a sent");
    let answer = (): void => undefined;
    const held = new Promise<void>((go) => (answer = go));
    let reached = (): void => undefined;
    const asks = new Promise<void>((go) => (reached = go));
    await context.route("**/session", async (route) => {
      reached();
      await held;
      await route.continue();
    });
    // The browser's clock is set forward by an hour; the server's is not.
    await context.clock.setSystemTime(Date.now() + 3600 * SECOND);
    await page.mouse.move(300, 300, { steps: 2 });
    await page.getByText("One moment").waitFor();
    expect(await page.locator("main").isVisible()).toBe(false);
    expect(new URL(page.url()).pathname).toBe("/account");
    await asks;
    answer();
    await page.locator("main").waitFor();
    expect(await page.getByText("One moment").isVisible()).toBe(false);
    expect(await greeting.inputValue()).toBe("half a sent");
  });
});
