import { runScript } from "@org/script";
import { verifyDragonfly } from "./script.ts";

process.exitCode = await runScript(verifyDragonfly, process.argv.slice(2));
