import { runScript } from "@org/script";
import { platform } from "./script.ts";

process.exitCode = await runScript(platform, process.argv.slice(2));
