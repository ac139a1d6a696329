import { runScript } from "@org/script";
import { rollbackMigrations } from "./script.ts";

process.exitCode = await runScript(rollbackMigrations, process.argv.slice(2));
