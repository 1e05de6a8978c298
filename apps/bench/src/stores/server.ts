import { CONTENDERS } from "./contenders.ts";

/** What the bench asks of the process of a contender. */
export type Question = { readonly advance: number } | "cpu";
/** What it answers; the port once, at the start. */
export type Reply = { readonly port: number } | { readonly micros: number } | { readonly done: true };

const [name, url = ""] = process.argv.slice(2);
const contender = CONTENDERS.find((one) => one.name === name);
if (!contender) throw new Error(`there is no contender "${name ?? ""}"`);
const reply = (value: Reply): void => void process.send?.(value);
const serving = await contender.start(url);
process.on("message", (question: Question) => {
  if (question === "cpu") {
    const { user, system } = process.cpuUsage();
    return reply({ micros: user + system });
  }
  serving.advance?.(question.advance);
  reply({ done: true });
});
process.once("disconnect", () => process.exit());
reply({ port: serving.port });
