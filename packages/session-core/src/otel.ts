export { createOtelListener, type OtelListenerOptions, type OtelLogger, type OtelSessionEvent } from "./lib/otel-listener.ts";
