import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM_FLAGS, browserFor } from "../../../tools/lib/browsers.ts";
import { type BoundSite, REFRESH, REGISTER, startBoundSite } from "../src/site/bound-site.ts";
import { selfSigned } from "../src/site/certificate.ts";

const path = browserFor("chromium", "binding to a device is");
const FEATURES = "--enable-features=DeviceBoundSessions:RequireOriginTrialTokens/false/RefreshQuota/false,EnableBoundSessionCredentialsSoftwareKeysForManualTesting";
const certificate = selfSigned(Date.now());
const args = [...CHROMIUM_FLAGS, "--host-resolver-rules=MAP *.test 127.0.0.1", `--ignore-certificate-errors-spki-list=${certificate.fingerprint}`];

describe.skipIf(path === undefined)("bound sessions in Chromium [needs chromium]", () => {
  let browser: Browser;
  let site: BoundSite;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: path ?? "", args: [...args, FEATURES] });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await context?.close();
    await site?.close();
  });

  it("registers", async () => {
    site = await startBoundSite(certificate);
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(`${site.origin}/`);
    await page.evaluate(async () => (await fetch("/sign-in", { method: "POST" })).status);
    await expect.poll(() => site.events.map(({ type }) => type), { timeout: 5000 }).toEqual(["device_bound"]);
    console.log(site.seen.map((s) => [s.method, s.path, s.status, Object.fromEntries(s.headers)]), await context.cookies(), site.events);
    expect(site.of(REGISTER)).toHaveLength(1);
    expect(await page.evaluate(async () => (await fetch("/api/orders")).status)).toBe(200);
    await context.clearCookies({ name: /bound/ });
    expect(await page.evaluate(async () => (await fetch("/api/orders")).status)).toBe(200);
    console.log(site.seen.map((s) => [s.method, s.path, s.status]), site.events);
    expect(site.of(REFRESH)).toHaveLength(1);
  });
});
