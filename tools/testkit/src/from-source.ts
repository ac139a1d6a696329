// Lets the committed bin/<name> run the present source instead of the last build.
import { registerHooks } from "node:module";

const built = ["../dist/bin.js", "../dist/launch.cjs"];

registerHooks({
  resolve: (specifier, context, next) => next(built.includes(specifier) ? "../src/bin.ts" : specifier, context),
});
