// The build puts this beside a bin that is one file: it starts that file, with its compiled code kept from run to run.
import { keepCompiledCode } from "./compile-cache.ts";

// What npm never packs, and removes together with the package.
const folder = process.getBuiltinModule("node:url").fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));
keepCompiledCode({ folder, uid: process.getuid?.() });
process.getBuiltinModule("node:module").createRequire(import.meta.url)("./bin.cjs");
