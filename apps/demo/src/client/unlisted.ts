/** Said where there would be a list of devices, or a way to end all of them. */
export const unlisted = (endsAll: boolean): string =>
  `Where else you are signed in is not known: sessions are kept where nobody can list them. ${endsAll ? "Signing out everywhere ends them all." : "Sign out on each device."}`;
