import { runScript } from "@org/script";
import { testRunner } from "./script.ts";

process.exitCode = await runScript(testRunner, process.argv.slice(2));
