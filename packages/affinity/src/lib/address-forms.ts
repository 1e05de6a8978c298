/** Without punctuation, which says nothing: what is left of an address however it is written. */
export const plain = (text: string): string => text.toLowerCase().replaceAll(/[^0-9a-z]/g, "");

export const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The four numbers of an IPv4 address; none of another host. */
export const octetsOf = (host: string): readonly number[] => (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) ? host.split(".").map(Number) : []);
