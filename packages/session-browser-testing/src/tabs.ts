export { createTabs, type Tab, type Tabs, type TabsOptions } from "./lib/tabs/create-tabs.ts";
export type { Answerer, Trouble } from "./lib/tabs/network.ts";
export { randomFrom } from "./lib/tabs/random.ts";
