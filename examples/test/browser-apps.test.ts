import type { SessionView } from "@holdfast/session-protocol";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumHere, launchChromium, oneClock } from "../../tools/lib/chromium.ts";
import { createPages, listen } from "../shared/src/pages.ts";
import { type Program, startExample } from "./program.ts";
import { Visitor } from "./visitor.ts";

// One suite for the pages in four frameworks: as programs over HTTP, and in Chromium with one clock for server and page.
const FRAMEWORKS = ["react", "vue", "svelte", "solid"] as const;
const SECOND = 1000;

/** The one that is drawn on the server, too. */
const rendererOf = async (name: string): Promise<typeof import("../browser-react/src/render.tsx").render | undefined> =>
  name === "react" ? ((await import(new URL("../browser-react/dist/server/render.js", import.meta.url).href)) as typeof import("../browser-react/src/render.tsx")).render : undefined;

const viewIn = (html: string): SessionView => JSON.parse(/id="session">(.*?)<\/script>/.exec(html)?.[1] ?? "{}") as SessionView;

describe("the browser examples as programs", () => {
  let programs: readonly Program[] = [];
  beforeAll(async () => void (programs = await Promise.all(FRAMEWORKS.map((name) => startExample(`browser-${name}`, ["server.ts"])))));
  afterAll(() => Promise.all(programs.map((program) => program.stop())));

  it.each(FRAMEWORKS)("browser-%s serves the page with the view of its session, the session routes, and nothing to other sites", async (name) => {
    const visitor = new Visitor(programs[FRAMEWORKS.indexOf(name)]?.url ?? "");
    const first = await visitor.get("/");
    expect([first.status, first.setCookies, viewIn(first.text)]).toEqual([200, [], { state: "none" }]);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(first.text)?.[1] ?? "";
    expect((await visitor.get(script)).headers.get("content-type")).toMatch(/javascript/);
    expect((await visitor.get("/orders")).status).toBe(401);

    await visitor.post("/sign-in", { body: { user: "</script>" } });
    const { text } = await visitor.get("/");
    expect(viewIn(text)).toMatchObject({ state: "active", subject: "</script>", idleFor: 60 });
    expect(text.includes("<h1>Hello &lt;/script&gt;</h1>")).toBe(name === "react");
    expect((await visitor.post("/session/touch", { headers: { "sec-fetch-site": "cross-site", origin: "https://other.test" } })).status).toBe(403);
    expect((await visitor.post("/session/touch")).headers.get("session-deadlines")).toMatch(/^idle=\d+, absolute=\d+/);
    expect((await visitor.get("/orders")).status).toBe(200);
    expect((await visitor.post("/session/logout")).status).toBe(204);
    expect(viewIn((await visitor.get("/")).text)).toMatchObject({ state: "none" });
  });
});

describe.skipIf(!chromiumHere("pages in four frameworks are"))("the browser examples in Chromium [needs chromium]", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchChromium()));
  afterAll(() => browser?.close());

  describe.each(FRAMEWORKS)("browser-%s", (name) => {
    let time = Date.now();
    let context: BrowserContext;
    let page: Page;
    let stop: () => void;
    let advance: (ms: number) => Promise<void>;
    const complaints: string[] = [];
    const asked: string[] = [];
    const headline = (text: string): Promise<void> => page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
    const dialog = () => page.getByRole("alertdialog");
    // One of them has the package's own dialog, the others the least there can be.
    const warned = (seconds: number): Promise<void> => dialog().getByText(name === "svelte" ? `${seconds} seconds` : `Signed out in ${seconds} s.`, { exact: true }).waitFor();
    const signIn = async (): Promise<void> => {
      await page.getByLabel("Name").fill("ada");
      await page.getByRole("button", { name: "Sign in" }).click();
      await headline("Hello ada");
    };

    beforeAll(async () => {
      const render = await rendererOf(name);
      const app = createPages({ render, dist: new URL(`../browser-${name}/dist/`, import.meta.url), clock: { now: () => time, wait: () => Promise.resolve() } });
      const server = await listen(app, 0);
      stop = () => void server.close();
      context = await browser.newContext();
      context.setDefaultTimeout(60_000);
      advance = await oneClock(context, { now: () => time, advance: (ms) => void (time += ms) });
      page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
      page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
      await page.goto(`http://localhost:${server.port}`);
    });
    afterAll(async () => {
      await context?.close();
      stop?.();
    });

    it("signs in, warns each second, stays, and idles out", async () => {
      await headline("Welcome");
      asked.length = 0;
      await signIn();
      await advance(40 * SECOND);
      expect(asked).toEqual(["POST /sign-in", "GET /session"]);
      await warned(20);
      await advance(3 * SECOND);
      await warned(17);
      if (name === "svelte") {
        expect(await dialog().locator("progress").evaluate((bar: HTMLProgressElement) => bar.value)).toBe(17);
        expect(await page.evaluate(() => document.activeElement?.getAttribute("data-session"))).toBe("stay");
      }
      asked.length = 0;
      await dialog().getByRole("button", { name: "Stay signed in" }).click();
      await dialog().waitFor({ state: "detached" });
      await expect.poll(() => asked).toEqual(["POST /session/touch"]);
      await advance(38 * SECOND);
      await headline("Hello ada");
      await advance(22 * SECOND);
      await headline("Signed out (idle)");
      expect(await page.evaluate(() => fetch("/orders").then(({ status }) => status))).toBe(401);
    });

    it("takes the state of a page that is loaded from the page, and signs out", async () => {
      await signIn();
      await advance(0);
      asked.length = 0;
      await page.reload();
      await headline("Hello ada");
      expect(asked.filter((line) => line.includes("/session"))).toEqual([]);
      await page.getByRole("button", { name: "Sign out" }).click();
      await headline("Welcome");
      expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
    });
  });
});
