/** Said where there would be a list of devices, or a way to end all of them. */
export const UNLISTED = "Where else you are signed in is not known: sessions are kept in a store that cannot list them. Sign out on each device.";
