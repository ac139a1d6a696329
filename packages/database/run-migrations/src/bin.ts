import { runScript } from "@org/script";
import { runMigrations } from "./script.ts";

process.exitCode = await runScript(runMigrations, process.argv.slice(2));
