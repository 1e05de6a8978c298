import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../../packages/store-contract/test/shared/kill.ts";
import { type Crowd, startCrowd } from "../../../tools/cluster/crowd.ts";
import { type Cluster, startCluster } from "../../../tools/cluster/start-cluster.ts";
import { chromiumHere, launchChromium } from "../../../tools/lib/chromium.ts";
import { serviceFor } from "../../../tools/services/programs.ts";
import { startRedis } from "../../../tools/services/redis.ts";
import type { Server } from "../../../tools/services/server.ts";
import type { ClusterReport } from "../src/server/cluster/report.ts";
import { SHOTS, shoot } from "./axe.ts";

const here = chromiumHere("the page about the nodes is");
const redis = serviceFor("redis", "the page about the nodes is");
const haproxy = serviceFor("haproxy", "the page about the nodes is");

describe.skipIf(!here || redis === undefined || haproxy === undefined)("the page about the nodes, in Chromium [needs redis, haproxy]", () => {
  let store: Server;
  let cluster: Cluster;
  let crowd: Crowd;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const answering = (): Promise<string> => page.locator(".berth").innerText();
  const card = (label: string): ReturnType<Page["locator"]> => page.getByRole("listitem").filter({ hasText: `Node ${label}` });

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    store = await startRedis(redis ?? "");
    cluster = await startCluster({ balancer: { kind: "haproxy", program: haproxy ?? "" }, store: store.url });
    crowd = startCrowd(cluster.url, { visitors: 12, pause: 200, stay: 20 });
    browser = await launchChromium();
    const context = await browser.newContext({ viewport: { width: 1200, height: 850 } });
    context.setDefaultTimeout(60_000);
    page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(cluster.url);
    await page.getByRole("button", { name: "Add Storm lantern" }).click();
    await page.getByLabel("Crate: 1 thing").waitFor();
    await page.getByRole("link", { name: "Nodes" }).click();
    await page.getByRole("heading", { level: 1, name: "Three nodes, one shop" }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
    await crowd?.settle();
    await store?.stop();
  });

  it("shows who answers, how much comes from memory and the spread, and the crate is there when that node is killed", { timeout: 240_000 }, async () => {
    await page.getByText("in a row, one every").waitFor();
    const first = await answering();
    await card(first).getByText("answered you").waitFor();
    // A whole window of the monitor.
    await card(first).getByText(/Sessions in the last 15 s/).waitFor({ timeout: 90_000 });
    await card(first).getByText(/^\d+\.\d%$/).waitFor();
    const command = page.getByText(`kill -9 ${cluster.node(first).pid ?? 0}`, { exact: true });
    await command.waitFor();
    await page.getByRole("button", { name: "Hold still" }).click();
    await shoot(page, "cluster");
    await page.getByRole("button", { name: "Go on" }).click();

    await crowd.during(first, () => cluster.node(first).end("SIGKILL"));
    await page.getByText(`Before that, node ${first} answered.`).waitFor();
    expect(await answering()).not.toBe(first);
    await card(first).getByText("gone", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Hold still" }).click();
    await shoot(page, "cluster-killed");
    await page.getByRole("link", { name: "Shop" }).click();
    await page.getByRole("region", { name: "Your crate" }).getByText("Storm lantern").waitFor();
    expect(complaints).toEqual([]);
    await until(() => crowd.requests > 0);
  });

  it("names no process where the one who answers has not told its own", { timeout: 120_000 }, async () => {
    const other = await page.context().newPage();
    await other.route("**/api/cluster", async (route) => {
      const response = await route.fetch();
      const report = (await response.json()) as ClusterReport;
      await route.fulfill({ response, json: { ...report, nodes: report.nodes.map((one) => (one.label === report.node ? { ...one, status: null } : one)) } });
    });
    await other.goto(`${cluster.url}/cluster`);
    await other.getByText("Never heard of.").waitFor();
    expect(await other.getByText(/^kill /).count()).toBe(0);
    await other.close();
  });
});
