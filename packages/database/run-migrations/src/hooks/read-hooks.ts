import { relative, resolve } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { planExecution } from "@org/postgres";
import type { HookConfig, HooksConfig } from "@org/script";
import { printable } from "../printable.ts";
import { readSql } from "../read-migrations.ts";
import type { HookMoment, MigrationHook } from "./hook.ts";

/**
 * Reads the hooks of the config, with their SQL. Throws a ScriptError (configuration) that names every file that cannot be read, that leaves a transaction
 * open, or that would have to share the transaction of a migration and cannot.
 */
export function readHooks({ beforeAll = [], afterEach = [], afterAll = [] }: HooksConfig, root: string): readonly MigrationHook[] {
  const problems: string[] = [];
  const read = (moment: HookMoment, configs: readonly HookConfig[]): readonly MigrationHook[] => configs.map((config) => readHook(moment, config, { root, problems }));
  const hooks = [...read("before-all", beforeAll), ...read("after-each", afterEach), ...read("after-all", afterAll)];
  if (problems.length === 0) return hooks;
  throw new ScriptError("configuration", `the hooks cannot be used: ${problems.join("; ")}`, { hint: "Correct the files, or migrations.hooks in the config." });
}

interface Reading {
  readonly root: string;
  readonly problems: string[];
}

function readHook(moment: HookMoment, { sql: path, command = [] }: HookConfig, { root, problems }: Reading): MigrationHook {
  const [program, ...args] = command;
  if (program !== undefined) return { moment, title: [program, ...args].map(shown).join(" "), command: [program, ...args] };
  const file = resolve(root, path ?? "");
  const title = relative(root, file);
  const { sql } = readSql(file, title, problems);
  const { inTransaction, leftOpen } = planExecution(sql);
  if (leftOpen !== undefined) problems.push(`${printable(title)}: it leaves a transaction open`);
  else if (moment === "after-each" && !inTransaction) problems.push(`${printable(title)}: it cannot run in the transaction of a migration`);
  return { moment, title, sql };
}

/** An argument as a reader of the log tells it from its neighbours. */
function shown(argument: string): string {
  return /^[\w@%+=:,./-]+$/u.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
