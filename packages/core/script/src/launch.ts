// The build puts this beside a bin that is one file: it starts that file, with its compiled code kept from run to run.
import { keepCompiledCode } from "./compile-cache.ts";

keepCompiledCode({ temporary: process.getBuiltinModule("node:os").tmpdir(), uid: process.getuid?.() });
process.getBuiltinModule("node:module").createRequire(import.meta.url)("./bin.cjs");
