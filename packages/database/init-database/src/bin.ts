import { runScript } from "@org/script";
import { initDatabase } from "./script.ts";

process.exitCode = await runScript(initDatabase, process.argv.slice(2));
