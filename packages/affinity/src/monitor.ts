export { createMonitor, type Monitor, type MonitorOptions, type Observation } from "./lib/monitor/create-monitor.ts";
export { memoryExchange, type MonitorExchange } from "./lib/monitor/exchange.ts";
export type { NodeWindow, Verdict } from "./lib/monitor/judge.ts";
export { type OtelMeter, type OtelObservableGauge, type OtelObservableResult, reportMonitor } from "./lib/monitor/report.ts";
