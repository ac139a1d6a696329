// A process that flushes a journal, for the tests that kill it: flush-process.ts <stateDir> <databaseUrl> <schema>.
import { silentLogger } from "@org/logging";
import { flushJournal } from "../flush-journal.ts";

const [stateDir = "", databaseUrl = "", schema = ""] = process.argv.slice(2);
process.stdout.write("ready\n");
const outcome = await flushJournal({ stateDir, databaseUrl, schema, logger: silentLogger, budgetMs: 30_000 });
process.stdout.write(`${JSON.stringify(outcome)}\n`);
