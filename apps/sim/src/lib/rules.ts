import type { Edit } from "./bundle.ts";
import type { Rule } from "./simulation.ts";

const core = (file: string, find: string, replace: string): Edit => ({ file: `session-core/src/lib/${file}`, find, replace });

const KEY_OF_THE_SERVER = "`key ${engine.ring.active.id} of the server`";

export const RULES: readonly Rule[] = [
  {
    name: "chainKey in the record (instead: the key that is active on the server)",
    seed: 7,
    edits: [
      core("request/load.ts", "  const { record } = body;\n", `  const record = { ...body.record, chain: { ...body.record.chain, chainKey: ${KEY_OF_THE_SERVER} } };\n`),
      core("session/draft.ts", "beginChain(chainNumber, now)", `beginChain(chainNumber, now, ${KEY_OF_THE_SERVER})`),
    ],
  },
  { name: "nextHash in the record", seed: 103, edits: [core("token/ratchet.ts", '  if (hash === chain.nextHash) return { kind: "successor" };\n', "")] },
  { name: "overlap counted from the promotion", seed: 2, edits: [core("token/ratchet.ts", "stepsBehind === 1 ? chain.promotedAt : chain.promotedBefore", "chain.promotedBefore")] },
  { name: "the predecessor is accepted for the overlap", seed: 2, edits: [core("token/ratchet.ts", "  if (stepsBehind === 1 && now < supersededAt + overlap) return", "  if (stepsBehind > 1e9) return")] },
  { name: "older steps have an age of their own (decision 003)", seed: 576, edits: [core("token/ratchet.ts", "stepsBehind === 1 ? chain.promotedAt : chain.promotedBefore", "chain.promotedAt")] },
  { name: "reuse is noticed", seed: 4, edits: [core("token/ratchet.ts", "return now < supersededAt + overlap + SKEW ?", "return now < supersededAt + 1e12 ?"), core("token/ratchet.ts", "if (stepsBehind === 1 && now < supersededAt + overlap)", "if (stepsBehind >= 1)")] },
  { name: "clocks may differ", seed: 150, edits: [core("token/ratchet.ts", "const SKEW: Millis = 5000;", "const SKEW: Millis = -30_000;")] },
  { name: "no step while the last promotion is younger than the overlap", seed: 1254, edits: [core("token/ratchet.ts", "  if (age < policy.overlap) return false;\n", "")] },
  { name: "pending chain (instead: the elevation takes effect at once)", seed: 101, edits: [core("session/draft.ts", "session: { ...session, record: { ...record, pending } },", "session: { ...session, record: adopt(record, pending, now) },")] },
  { name: "rights wait for the elevated credential", seed: 106, edits: [core("session/draft.ts", "session: { ...session, record: { ...record, pending } },", "session: { ...session, record: { ...record, ...rights, pending } },")] },
  { name: "a double submit of an elevation gives one credential (decision 002)", seed: 10, edits: [core("token/elevation.ts", "  if (pending) {\n", "  if (pending && pending.step > 1e9) {\n")] },
  { name: "an elevation behind one that waits goes a chain further on", seed: 348_898, edits: [core("token/elevation.ts", "(pending ?? current).chain", "current.chain")] },
  { name: "names that neighbouring chains do not share (instead: two names)", seed: 5, edits: [core("transport/cookie.ts", "1 + ((chain - 1) & 31)", "1 + ((chain - 1) & 1)")] },
  { name: "more than one name", seed: 5, edits: [core("transport/cookie.ts", "chain === GUEST_CHAIN ? 0 : 1 + ((chain - 1) & 31)", "0")] },
  { name: "guests have a name of their own", seed: 8943, edits: [core("transport/cookie.ts", "chain === GUEST_CHAIN ? 0 : 1 + ((chain - 1) & 31)", "chain === GUEST_CHAIN ? 1 : 1 + ((chain - 1) & 31)")] },
  { name: "a sign-in goes seven chains on", seed: 1170, edits: [core("session/draft.ts", ": chainAfter(latestChain, 7), data", ": chainAfter(latestChain, 1), data")] },
  { name: "writeId", seed: 21, edits: [core("request/settle.ts", "row.writeId === writeId || row.body.includes(writeId);", "row.body === writeId;")] },
  { name: "create is no upsert", seed: 44, edits: [core("memory-store.ts", '  if (table.find(row.id, now) !== undefined) return { outcome: "exists", evicted: [] };\n', "")] },
  { name: "update is conditional", seed: 1, edits: [core("memory-store.ts", '      if (entry.row.revision !== expectedRevision) return "conflict";\n', "")] },
  { name: "update does not touch what has ended", seed: 101, edits: [core("memory-store.ts", "const entry = table.findLive(row.id, clock.now());", "const entry = table.find(row.id, clock.now());\n      if (entry?.state === \"ended\") entry.state = \"guest\";"), core("memory-store.ts", '      if (entry.row.revision !== expectedRevision) return "conflict";\n', "")] },
  { name: "negative verdicts are authoritative", seed: 14, edits: [core("request/load.ts", "  if (!authoritative) return loadOne(engine, presented, now, sight, true);\n", "")] },
  { name: "a slow handler is let in once (instead: judged again at a conflict)", seed: 18, edits: [core("request/load.ts", "live.presented, now, live.sight, true);", "live.presented, now, live.sight, false);")] },
  { name: "a late answer renews nothing", seed: 225, edits: [core("request/answer.ts", "  if (isLate(engine, now)) return undefined;\n", "")] },
];
