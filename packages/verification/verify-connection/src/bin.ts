import { runScript } from "@org/script";
import { verifyConnection } from "./script.ts";

process.exitCode = await runScript(verifyConnection, process.argv.slice(2));
