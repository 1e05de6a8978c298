import { library } from "../../tools/build/library.ts";

export default library(["index", "bound", "csrf", "encrypted", "keys", "memory", "near-cache", "otel", "register", "resilient", "sealed", "signals", "store", "store-kit", "tokens"], { copies: ["end-of"] });
