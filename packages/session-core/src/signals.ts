export { createSignals, type SignalAction, type SignalsOptions } from "./lib/signals/create-signals.ts";
export type { ReadSignals, SignalChange, Sight } from "./lib/signals/sight.ts";
