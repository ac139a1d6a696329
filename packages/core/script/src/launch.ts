// The build puts this beside a bin that is one file: it starts that file, with its compiled code kept from run to run. Both are CommonJS, for which Node loads
// nothing of its loader of ES modules.
import { join } from "node:path";
import { runFromKeptCode } from "./kept-code.ts";

/** Filled in by the build: names the content of the bin. */
declare const BIN_VERSION: string;

// What npm never packs, and removes together with the package.
const place = { folder: join(__dirname, "../node_modules/.cache/compiled"), uid: process.getuid?.(), version: BIN_VERSION };

runFromKeptCode({
  file: join(__dirname, "bin.code"),
  require,
  // The variable that turns off Node's own cache.
  place: process.env["NODE_DISABLE_COMPILE_CACHE"] === "1" ? undefined : place,
  atExit: (work) => void process.once("exit", work),
});
