/** Of the sessions of requests on paths that need no ticket: whether it is missing, by their state of now. Such a one is good enough to leave, not to decide about other sessions. */
export const withoutTicket = new WeakMap<object, () => boolean>();
