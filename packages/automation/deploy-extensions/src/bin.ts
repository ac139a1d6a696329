import { runScript } from "@org/script";
import { deployExtensions } from "./script.ts";

process.exitCode = await runScript(deployExtensions, process.argv.slice(2));
