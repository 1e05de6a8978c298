import { reportActivity } from "@holdfast/session-browser/iframe";

// Nobody tells this document what time it is in the test: what its user does is at least ten seconds apart there.
let at = 0;
Object.defineProperty(Event.prototype, "timeStamp", { get: () => (at += 10_000) });

// The address says who is around this frame.
reportActivity({ to: new URLSearchParams(location.search).get("to") ?? location.origin });
