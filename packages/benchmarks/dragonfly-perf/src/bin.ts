import { runScript } from "@org/script";
import { dragonflyPerf } from "./script.ts";

process.exitCode = await runScript(dragonflyPerf, process.argv.slice(2));
