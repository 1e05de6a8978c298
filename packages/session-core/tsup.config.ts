import { library } from "../../tools/build/library.ts";

export default library(["index", "csrf", "encrypted", "keys", "memory", "otel", "register", "signals", "store"]);
