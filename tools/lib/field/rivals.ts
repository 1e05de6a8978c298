/** What is weighed and measured beside the browser client, each in the version that the table names. */
export const VERSIONS: Readonly<Record<string, string>> = {
  "@auth0/auth0-spa-js": "2.27.0",
  "@azure/msal-browser": "5.29.0",
  "@clerk/clerk-js": "6.40.0",
  "@ng-idle/core": "16.0.0",
  "@ng-idle/keepalive": "16.0.0",
  "@okta/okta-auth-js": "8.0.1",
  "@supabase/auth-js": "2.119.1",
  "@tanstack/query-core": "5.108.0",
  "@vueuse/core": "14.4.0",
  "@workos-inc/authkit-js": "0.20.3",
  "angular-auth-oidc-client": "22.0.1",
  "better-auth": "1.6.34",
  "broadcast-channel": "7.4.0",
  "browser-tabs-lock": "1.3.0",
  "idle-session-timeout": "1.0.1",
  "keycloak-js": "26.2.4",
  "next-auth": "npm:next-auth@5.0.0-beta.29",
  "next-auth-4": "npm:next-auth@4.24.15",
  "oidc-client-ts": "3.5.0",
  react: "19.3.1",
  "react-dom": "19.3.1",
  "react-idle-timer": "5.7.3",
  "supertokens-web-js": "0.16.0",
  "supertokens-website": "20.1.6",
  vue: "3.5.45",
};

export interface Rival {
  readonly name: string;
  /** What it is for: `one tab` means that nothing is shared between tabs. */
  readonly does: string;
  /** A module that exports what an application would import. */
  readonly code: string;
}

const NAMES: readonly (readonly [name: string, does: string, code: string])[] = [
  ["query-core, focus and online managers", "focus, online", 'export { focusManager, onlineManager } from "@tanstack/query-core"'],
  ["idle-session-timeout", "idle, one tab", 'export { default } from "idle-session-timeout"'],
  ["vueuse `useIdle`", "idle, one tab", 'export { useIdle } from "@vueuse/core"'],
  ["next-auth 5 react", "session polling", 'export { SessionProvider, useSession, signIn, signOut } from "next-auth/react"'],
  ["browser-tabs-lock", "a lock for tabs", 'export { default } from "browser-tabs-lock"'],
  ["@ng-idle/core", "idle", 'export { Idle, DEFAULT_INTERRUPTSOURCES, NgIdleModule } from "@ng-idle/core"'],
  ["@ng-idle/core + keepalive", "idle, pings", 'export { Idle, DEFAULT_INTERRUPTSOURCES } from "@ng-idle/core"; export { NgIdleKeepaliveModule } from "@ng-idle/keepalive"'],
  ["broadcast-channel + election", "messages, a leader", 'export { BroadcastChannel, createLeaderElection } from "broadcast-channel"'],
  ["react-idle-timer", "idle", 'export { useIdleTimer } from "react-idle-timer"'],
  ["@workos-inc/authkit-js", "refresh", 'export { createClient } from "@workos-inc/authkit-js"'],
  ["keycloak-js", "sign-in, refresh", 'export { default } from "keycloak-js"'],
  ["next-auth 4 react", "session polling", 'export { SessionProvider, useSession, signIn, signOut } from "next-auth-4/react"'],
  ["better-auth client", "sign-in, session", 'export { createAuthClient } from "better-auth/client"'],
  ["better-auth react", "sign-in, session", 'export { createAuthClient } from "better-auth/react"'],
  ["oidc-client-ts", "sign-in, refresh", 'export { UserManager } from "oidc-client-ts"'],
  ["oidc-client-ts + react-idle-timer", "sign-in, refresh, idle", 'export { UserManager } from "oidc-client-ts"; export { useIdleTimer } from "react-idle-timer"'],
  ["supertokens-website", "refresh, requests", 'export { default } from "supertokens-website"'],
  ["supertokens-web-js + Session", "sign-in, refresh, requests", 'import core from "supertokens-web-js"; import session from "supertokens-web-js/recipe/session"; export { core, session }'],
  ["@supabase/auth-js", "sign-in, refresh", 'export { AuthClient } from "@supabase/auth-js"'],
  ["angular-auth-oidc-client", "sign-in, refresh", 'export { OidcSecurityService, provideAuth, AuthInterceptor } from "angular-auth-oidc-client"'],
  ["@okta/okta-auth-js/core", "sign-in, refresh", 'export { OktaAuth } from "@okta/okta-auth-js/core"'],
  ["@okta/okta-auth-js", "sign-in, refresh", 'export { OktaAuth } from "@okta/okta-auth-js"'],
  ["@auth0/auth0-spa-js", "sign-in, refresh", 'export { createAuth0Client } from "@auth0/auth0-spa-js"'],
  ["@azure/msal-browser", "sign-in, refresh", 'export { PublicClientApplication } from "@azure/msal-browser"'],
  ["@clerk/clerk-js (as built)", "sign-in, refresh", 'export { Clerk } from "./node_modules/@clerk/clerk-js/dist/clerk.browser.js"'],
];

export const RIVALS: readonly Rival[] = NAMES.map(([name, does, code]) => ({ name, does, code }));
