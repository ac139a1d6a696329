import { runScript } from "@org/script";
import { verifyExtensions } from "./script.ts";

process.exitCode = await runScript(verifyExtensions, process.argv.slice(2));
