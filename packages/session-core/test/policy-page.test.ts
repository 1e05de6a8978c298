import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Policy, type PolicyProfile, resolvePolicy } from "../src/index.ts";
import { HOUR, MINUTE } from "./support.ts";

const page = readFileSync(new URL("../../../docs/policy.md", import.meta.url), "utf8");

/** Rows of the table under a heading, as cells without their back-ticks. */
function table(heading: string): string[][] {
  const [, section = ""] = page.split(`## ${heading}\n`);
  const [body = ""] = section.split("\n## ");
  return body
    .split("\n")
    .filter((line) => line.startsWith("|") && !line.startsWith("|---"))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim().replaceAll("`", "")));
}

function say(value: unknown): string {
  if (typeof value !== "number") return typeof value === "object" && value !== null ? Object.values(value).join(" ") : String(value);
  if (value % (24 * HOUR) === 0 && value > 24 * HOUR) return `${value / 24 / HOUR} d`;
  if (value % HOUR === 0 && value > HOUR) return `${value / HOUR} h`;
  return value % MINUTE === 0 && value > MINUTE ? `${value / MINUTE} min` : `${value / 1000} s`;
}

/** Every setting of a policy by the name the page gives it. */
const settingsOf = ({ guest, ...policy }: Policy): Record<string, string> =>
  Object.fromEntries([...Object.entries(policy), ["guest.idle", guest.idle] as const, ["guest.absolute", guest.absolute] as const].map(([name, value]) => [name, say(value)]));

describe("the page on policy profiles", () => {
  const [head = [], ...rows] = table("The numbers");
  const profiles = head.slice(1) as PolicyProfile[];

  it("[C13] has every setting of every profile, with the number that the code has", () => {
    expect(profiles).toHaveLength(6);
    expect(() => resolvePolicy("none" as PolicyProfile)).toThrow(JSON.stringify(profiles));
    profiles.forEach((profile, column) => {
      const written = Object.fromEntries(rows.map(([setting = "", ...cells]) => [setting, cells[column]]));
      expect(written, profile).toEqual(settingsOf(resolvePolicy(profile)));
    });
  });

  it("[C13] gives a source for each limit, or says that it is our choice, and lists what NIST would have otherwise", () => {
    const reasons = new Map(table("Why").slice(1).map(([name = "", reason = ""]) => [name, reason]));
    for (const profile of profiles) for (const setting of ["idle", "absolute"]) expect(reasons.get(`${profile}.${setting}`), `${profile}.${setting}`).toMatch(/our choice|NIST|OWASP|PCI|CFR|\(EU\)/i);
    for (const setting of new Set(rows.map(([name = ""]) => name.split(".")[0] ?? ""))) if (!["idle", "absolute"].includes(setting)) expect(reasons.get(setting), setting).toBeTruthy();
    for (const reason of reasons.values()) expect(reason).toMatch(/our choice|NIST|OWASP|PCI|CFR|\(EU\)|derived|off everywhere/i);
    const deviations = table("Where we do otherwise than a text").slice(1);
    expect(deviations.filter(([text]) => text?.startsWith("NIST SP 800-63B-4 section ")).length).toBeGreaterThan(3);
    for (const row of deviations) expect(row.every((cell) => cell !== "")).toBe(true);
  });
});
