import { runScript } from "@org/script";
import { validateSchemaConsistency } from "./script.ts";

process.exitCode = await runScript(validateSchemaConsistency, process.argv.slice(2));
