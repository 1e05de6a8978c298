export { attachDialog, type DialogOptions } from "./lib/attach-dialog.ts";
export type { DialogStrings, DialogWords } from "./lib/dialog-strings.ts";
export { durationText } from "./lib/duration-text.ts";
export type { Warned, Warner } from "./lib/warner.ts";
