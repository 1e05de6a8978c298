type CookieChange = Event & Partial<Record<"changed" | "deleted", readonly { readonly name: string }[]>>;

/** Whether a change of the cookie store is one of this cookie. One that merely runs out makes no event. */
export const isAbout = ({ changed = [], deleted = [] }: CookieChange, cookie: string): boolean => [...changed, ...deleted].some(({ name }) => name === cookie);
