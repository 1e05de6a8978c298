export { type EncryptedStore, type EncryptOptions, encryptStore } from "./lib/encrypted/encrypt-store.ts";
