// Lets the committed bin/<name>.js run the present source instead of the last build.
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) => next(specifier === "../dist/bin.js" ? "../src/bin.ts" : specifier, context),
});
