/** States of bound sessions that came without their ticket, on a path that needs none: good enough to leave, not to decide about other sessions. */
export const withoutTicket = new WeakSet<object>();
