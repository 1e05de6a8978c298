/** With CI set, what cannot be tested is a failure. */
export const isCi = (): boolean => !["", "0", "false", undefined].includes(process.env["CI"]);
