import { runScript } from "@org/script";
import { startDependencies } from "./script.ts";

process.exitCode = await runScript(startDependencies, process.argv.slice(2));
