import { library } from "../../tools/build/library.ts";

export default library(["index", "idle", "refresh", "iframe", "dialog", "wipe", "react", "vue", "svelte", "solid"]);
