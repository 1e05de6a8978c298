export { type TrackingClient, type TrackingOptions, trackInvalidations } from "./lib/track-invalidations.ts";
