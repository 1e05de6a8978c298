import { registerHooks } from "node:module";
import tsconfig from "../../../../tsconfig.json" with { type: "json" };

// A child process has no bundler: this lets it import the packages' sources under their names, as the tests do.
const root = new URL("../../../../", import.meta.url);
const sources = new Map(Object.entries(tsconfig.compilerOptions.paths).map(([name, [file]]) => [name, new URL(file ?? "", root).href]));

registerHooks({
  resolve: (specifier, context, next) => next(sources.get(specifier) ?? specifier, context),
});
