import type { Monitor } from "./create-monitor.ts";

/** The part of an `ObservableResult` of `@opentelemetry/api` that is used. */
export interface OtelObservableResult {
  observe(value: number, attributes?: Record<string, string>): void;
}

export interface OtelObservableGauge {
  addCallback(callback: (result: OtelObservableResult) => void): void;
}

/** The part of a `Meter` of `@opentelemetry/api` that is used. */
export interface OtelMeter {
  createObservableGauge(name: string, options?: { readonly description?: string; readonly unit?: string }): OtelObservableGauge;
}

/** What this node counted in its last whole window, and what was made of all nodes' windows, as metrics. Label values are labels of nodes and no more. */
export function reportMonitor(meter: OtelMeter, monitor: Monitor): void {
  const gauge = (name: string, description: string, unit: string, read: (result: OtelObservableResult) => void): void =>
    meter.createObservableGauge(`holdfast.affinity.${name}`, { description, unit }).addCallback(read);
  const own = (name: "requests" | "sessions" | "assigned" | "misrouted", description: string, unit: string): void =>
    gauge(name, description, unit, (result) => {
      const { counts } = monitor;
      if (counts !== undefined) result.observe(counts[name], { "holdfast.affinity.node": counts.node });
    });
  own("requests", "Requests of sessions in the last window", "{request}");
  own("sessions", "Distinct sessions in the last window", "{session}");
  own("assigned", "Clients that the balancer sent here anew in the last window", "{client}");
  own("misrouted", "Requests whose cookie names another node, in the last window", "{request}");
  gauge("chance", "The chance of a spread as uneven as the last one under a fair balancer", "1", (result) => {
    const chance = monitor.verdict?.chance;
    if (chance !== undefined) result.observe(chance);
  });
  gauge("alarm", "1 while the spread is uneven or requests are misrouted", "1", (result) => result.observe(monitor.alarm ? 1 : 0));
  gauge("shared", "1 in shared mode", "1", (result) => result.observe(monitor.mode === "shared" ? 1 : 0));
}
