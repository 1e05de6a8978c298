import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chromiumHere, launchChromium } from "../../../tools/lib/chromium.ts";
import { axeFindings, SHOTS } from "./axe.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const IDLE = 10 * MINUTE;
const PACKAGE = fileURLToPath(new URL("../../../packages/session-browser/", import.meta.url));
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

const OWN = `<dialog class="session-dialog" id="own"><h2 data-session="title"></h2><p data-session="text"></p><p data-session="left"></p><p data-session="spoken"></p>
<button type="button" data-session="leave"></button><button type="button" data-session="stay"></button></dialog>`;
const pageOf = (own: boolean, lang: string, dir: string): string => `<!doctype html><html lang="${lang}" dir="${dir}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>Form</title><link rel="stylesheet" href="/dialog.css"><script type="module" src="/page.js"></script></head>
<body><main><h1>Form</h1><form action="/sent"><label>Name <input name="name"></label><p><button>Send</button></p></form></main><dialog id="form" aria-label="Note"><textarea aria-label="Note"></textarea></dialog>${own ? OWN : ""}</body></html>`;

/** The page's own script: an idle timer with the dialog, told by the address how. */
const SCRIPT = `
import { createIdleTimer } from "./idle.ts";
import { attachDialog } from "./dialog.ts";
const asked = new URLSearchParams(location.search);
const strings = {
  en: {},
  ar: {
    lang: "ar", leave: "تسجيل الخروج", left: (duration) => "يتبقى " + duration + ".", failed: "لم ينجح ذلك.",
    idle: { title: "هل ما زلت هنا؟", text: "لم يحدث شيء هنا، وسيتم تسجيل خروجك.", stay: "البقاء" },
  },
}[asked.get("lang") ?? "en"];
const timer = createIdleTimer({ idle: ${IDLE}, absolute: Number(asked.get("absolute") ?? 1e9), whileWarning: asked.get("mode") ?? "ask" });
const element = document.querySelector("#own");
const detach = attachDialog(timer, { strings, cue: true, leave: () => timer.end(), ...(element ? { element } : {}) });
timer.start();
Object.assign(window, { timer, detach, violations: [], spoken: [] });
addEventListener("securitypolicyviolation", ({ violatedDirective, sourceFile }) => violations.push(violatedDirective + " " + sourceFile));
new MutationObserver(() => {
  const text = document.querySelector("[data-session=spoken]")?.textContent;
  if (text && text !== spoken.at(-1)) spoken.push(text);
}).observe(document, { subtree: true, childList: true, characterData: true });
`;

describe.skipIf(!chromiumHere("the warning dialog is"))("the warning dialog in Chromium, under a strict CSP", () => {
  const complaints: string[] = [];
  let server: Server;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  const serve = async (): Promise<string> => {
    const bundled = await build({ stdin: { contents: SCRIPT, resolveDir: `${PACKAGE}src`, loader: "ts" }, bundle: true, format: "esm", write: false, logLevel: "silent" });
    const styles = await readFile(`${PACKAGE}src/dialog.css`, "utf8");
    server = createServer(({ url = "/" }, response) => {
      const { pathname, searchParams: asked } = new URL(url, "http://here");
      const send = (type: string, body: string): void => void response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": CSP }).end(body);
      if (pathname === "/page.js") send("text/javascript", bundled.outputFiles[0]?.text ?? "");
      else if (pathname === "/dialog.css") send("text/css", styles);
      else if (pathname === "/favicon.ico") response.writeHead(204).end();
      else send("text/html", pageOf(asked.has("own"), asked.get("lang") ?? "en", asked.get("lang") === "ar" ? "rtl" : "ltr"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  let url = "";

  const open = async (query = ""): Promise<void> => {
    context = await browser.newContext({ viewport: { width: 900, height: 640 } });
    context.setDefaultTimeout(60_000);
    await context.clock.install({ time: 0 });
    await context.clock.pauseAt(1);
    page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
    await page.goto(`${url}/?${query}`);
    await page.locator("input").focus();
  };
  const run = (ms: number): Promise<void> => context.clock.runFor(ms);
  const dialog = (): ReturnType<Page["locator"]> => page.getByRole("alertdialog");
  /** What has the focus. */
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute("data-session") ?? document.activeElement?.tagName ?? "");
  const spoken = (): Promise<string[]> => page.evaluate(() => (window as unknown as { spoken: string[] }).spoken);

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    url = await serve();
    browser = await launchChromium();
  });
  afterEach(async () => {
    complaints.push(...(await page.evaluate(() => (window as unknown as { violations?: string[] }).violations ?? [])));
    await context.close();
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it("[L09] [L02] is operated by keyboard alone: the focus goes in, stays in and comes back, by Enter, Space and Escape", async () => {
    await open();
    for (const key of ["Enter", "Space", "Escape", "Escape", "Escape"]) {
      await run(IDLE - 2 * MINUTE - SECOND);
      expect(await dialog().count()).toBe(0);
      await run(SECOND);
      expect(await dialog().count()).toBe(1);
      const seen = [await focused()];
      for (const step of ["Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"]) {
        await page.keyboard.press(step);
        seen.push(await focused());
      }
      // Past the last button lies the browser itself, never the page.
      expect(new Set(seen)).toEqual(new Set(["stay", "leave", "BODY"]));
      await page.locator("[data-session=stay]").focus();
      await page.keyboard.press(key);
      await expect.poll(() => dialog().count()).toBe(0);
      expect(await focused()).toBe("INPUT");
      expect(await page.evaluate(() => (window as unknown as { timer: { get(): { status: string } } }).timer.get().status)).toBe("active");
      expect(new URL(page.url()).pathname).toBe("/");
    }
  });

  it("[L09] [L02] announces itself by name and description, then the time left at 60, 40 and 20 seconds, and shows each second", async () => {
    await open();
    await run(IDLE - 2 * MINUTE);
    const snapshot = await page.locator("body").ariaSnapshot();
    expect(snapshot).toContain('alertdialog "Are you still there?"');
    expect(snapshot).toContain('button "Stay signed in"');
    const session = await context.newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    // Behind a modal dialog nothing is left of the page.
    expect(nodes.filter(({ ignored }) => !ignored).map(({ name }) => name?.value)).not.toContain("Send");
    const node = nodes.find(({ role }) => role?.value === "alertdialog");
    expect(node?.description?.value).toBe("You were inactive and will be signed out. 2 minutes left.");
    expect(node?.properties).toContainEqual(expect.objectContaining({ name: "modal", value: expect.objectContaining({ value: true }) }));

    const moments: [number, string | undefined][] = [];
    for (let left = 120; left > 0; left--) {
      const words = await page.locator("[data-session=left]").textContent();
      expect(words).toBe([left > 59 && `${Math.floor(left / 60)} minute${left < 120 ? "" : "s"}`, left % 60 && `${left % 60} second${left % 60 === 1 ? "" : "s"}`].filter(Boolean).join(", "));
      const said = await spoken();
      if (said.length > moments.length) moments.push([left, said.at(-1)]);
      await run(SECOND);
    }
    expect(moments).toEqual([[120, "2 minutes left."], [60, "1 minute left."], [40, "40 seconds left."], [20, "20 seconds left."]]);
    expect(await dialog().count()).toBe(0);
  });

  it("[L03] tells of the absolute limit in advance, in words of its own; Escape puts the notice away, and the work goes on", async () => {
    await open(`absolute=${9 * MINUTE}`);
    await run(7 * MINUTE);
    expect(await dialog().getByRole("heading").textContent()).toBe("Your session ends soon");
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await expect.poll(() => dialog().count()).toBe(0);
    expect(await focused()).toBe("INPUT");
    await page.keyboard.type("draft");
    await run(119 * SECOND);
    expect(await dialog().count()).toBe(0);
    expect(await page.locator("input").inputValue()).toBe("draft");
  });

  it.each(["", "own", "lang=ar"])("[L09] has nothing that axe would find wrong, in light, dark and on a phone (%s)", async (query) => {
    await open(query);
    await run(IDLE - 47 * SECOND);
    const looks = [
      ["light", { colorScheme: "light", forcedColors: "none" }, { width: 900, height: 640 }],
      ["dark", { colorScheme: "dark", forcedColors: "none" }, { width: 900, height: 640 }],
      ["phone", { colorScheme: "light", forcedColors: "none" }, { width: 320, height: 480 }],
      ["forced", { colorScheme: "dark", forcedColors: "active" }, { width: 900, height: 640 }],
    ] as const;
    for (const [look, media, size] of looks) {
      await page.emulateMedia({ ...media, reducedMotion: "reduce" });
      await page.setViewportSize(size);
      // Of forced colours axe knows nothing: it compares those that the browser replaced.
      if (look !== "forced") expect(await axeFindings(page), look).toEqual([]);
      const { inside, moving, lowest } = await dialog().evaluate((element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        return {
          inside: left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && element.scrollWidth <= element.clientWidth,
          moving: document.getAnimations().length,
          lowest: Math.min(...[...element.querySelectorAll("button")].map((button) => button.getBoundingClientRect().height)),
        };
      });
      expect({ look, inside, moving }).toEqual({ look, inside: true, moving: 0 });
      expect(lowest).toBeGreaterThanOrEqual(44);
      await page.screenshot({ path: `${SHOTS}dialog-${query.replace("lang=", "") || "made"}-${look}.png` });
    }
  });

  it.each([
    ["Enter", "INPUT"],
    ["Escape", "TEXTAREA"],
  ])("where activity already ends the warning, %s does not reach what lies under the dialog (%s)", async (key, under) => {
    await open("mode=extend");
    // A dialog of the page, which Escape would close.
    if (under === "TEXTAREA") await page.evaluate(() => document.querySelector<HTMLDialogElement>("#form")?.showModal());
    await page.locator(under).first().focus();
    await run(IDLE - MINUTE);
    expect(await focused()).toBe("stay");
    await page.keyboard.press(key);
    await run(SECOND);
    expect(await dialog().count()).toBe(0);
    expect(await focused()).toBe(under);
    expect(new URL(page.url()).pathname).toBe("/");
  });

  it("goes away with what attachDialog returned, and gives the focus back", async () => {
    await open("own");
    await run(IDLE - MINUTE);
    expect(await focused()).toBe("stay");
    await page.evaluate(() => (window as unknown as { detach(): void }).detach());
    expect(await dialog().count()).toBe(0);
    expect(await focused()).toBe("INPUT");
    await run(30 * SECOND);
    expect(await dialog().count()).toBe(0);
  });
});
