import { runScript } from "@org/script";
import { exitCodes } from "@org/exit-codes";
import { runMigrations } from "./script.ts";

// The build makes one CommonJS file of it, where nothing can be awaited at the top: until the run has ended it has not succeeded.
process.exitCode = exitCodes.general;
void runScript(runMigrations, process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
