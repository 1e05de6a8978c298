import type { Edit } from "../../../../apps/sim/src/lib/bundle.ts";
import type { Rule } from "../../../../apps/sim/src/lib/simulation.ts";

const browser = (file: string, find: string, replace: string): Edit => ({ file: `session-browser/src/lib/${file}`, find, replace });

export const RULES: readonly Rule[] = [
  { name: "activity is shared through the record (instead: told by each tab that had it)", seed: 8, edits: [browser("engine.ts", "const record = (): SharedRecord | undefined => readRecord(env.storage, key);", "let own: SharedRecord | undefined;\n  const record = (): SharedRecord | undefined => { const now = readRecord(env.storage, key); if (!now || now.epoch !== own?.epoch) own = now; return own; };")] },
  { name: "first it is asked whether the session is over, then whether activity counts", seed: 14, edits: [browser("life.ts", "momentOf = (wall: Millis, steady: Millis): Moment => ({ now: Math.max(wall, steady), least: Math.min(wall, steady) });", "momentOf = (wall: Millis, steady: Millis): Moment => ({ now: Math.min(wall, steady), least: Math.min(wall, steady) });")] },
  { name: "a page that comes back is in doubt until the server was asked", seed: 4, edits: [browser("client.ts", "        apply({ unsure: env.now() });\n", "")] },
  { name: "a late answer leaves the doubt", seed: 12, edits: [browser("client.ts", "unsure: isLater(known.unsure as Millis, sentAt) && known.unsure", "unsure: false")] },
  { name: "one tab at a time asks (lock and lease)", seed: 1, edits: [browser("client.ts", "return epochOf(known) ? alone(env, key, answer) : answer();", "return answer();")] },
  { name: "what has ended is remembered, and no late answer brings it back", seed: 880, edits: [browser("client.ts", "      if (isOver(view.epoch)) return;\n", ""), browser("client.ts", "      if (before !== generation) return false;\n", "")] },
  { name: "a sign-out from before anything was known is kept until the server hears of it", seed: 39, edits: [browser("logout.ts", '${!before || of ? epoch : ""}', '${epoch || "-"}')] },
  { name: "a sign-out that waits is not dropped for the answer to a question from before it", seed: 143518, edits: [browser("logout.ts", "if (!(Number(at) > sentAt && Number(at) <= env.now())) ", "")] },
  { name: "a hold ends with its session", seed: 58, edits: [browser("client.ts", "    if (known.ended || (held && known.view && held !== epochOf(known))) holds.clear();\n", "")] },
  { name: "a page that listens to nothing says its sign-out on the channel", seed: 518, edits: [browser("engine.ts", "    if (!env.page) return;\n    open()", "    if (!stop) return;\n    open()")] },
  { name: "after a stale CSRF token the new one is asked for", seed: 135, edits: [browser("link.ts", "    if (stale && token === before) await renew(reply.sentAt);\n", "")] },
];
