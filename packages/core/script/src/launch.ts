// The build puts this beside a bin that is one file: it starts that file, with its compiled code kept from run to run. Both are CommonJS, for which Node loads
// nothing of its loader of ES modules.
import { join } from "node:path";
import { keepCompiledCode } from "./compile-cache.ts";

// What npm never packs, and removes together with the package.
keepCompiledCode({ folder: join(__dirname, "../node_modules/.cache/compiled"), uid: process.getuid?.() });
// Spelt so, the bundler leaves it to Node.
module.require("./bin.cjs");
