// Preloaded into a command: tells on standard error which modules it loaded, its own entry included.
import { writeSync } from "node:fs";
import { registerHooks } from "node:module";

const loaded = new Set<string>();

registerHooks({
  load: (url, context, next) => {
    loaded.add(url);
    return next(url, context);
  },
});

process.on("exit", () => void writeSync(2, JSON.stringify([...loaded])));
