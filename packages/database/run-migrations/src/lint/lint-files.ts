import { ScriptError } from "@org/exit-codes";
import { locate, planExecution, type SqlStatement } from "@org/postgres";
import { statementUnits } from "../statement-units.ts";
import { effectsOf, type RelationLock, type StatementEffects } from "./effects.ts";
import { readIgnores, type Ignore } from "./ignores.ts";
import { harmRules, lockRules } from "./lock-rules.ts";
import { objectRules } from "./object-rules.ts";
import { parseStatement } from "./parse-statement.ts";
import { lintLevels, type LintedStatement, type LintLevel, type LintRule } from "./rule.ts";
import { shorten } from "./shorten.ts";
import { typeRules } from "./type-rules.ts";

export const lintRules: readonly LintRule[] = [...lockRules, ...harmRules, ...objectRules, ...typeRules];

/** What is found about the file itself, beside the rules about statements. */
const fileRules = { syntax: "error", "unused-ignore": "warn", "ignore-without-reason": "error" } as const satisfies Record<string, LintLevel>;

export interface LintFinding {
  readonly rule: string;
  readonly level: "warn" | "error";
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

/** One statement of a file that is to run. */
export interface PlannedStatement {
  readonly line: number;
  /** Its first line, shortened. */
  readonly text: string;
  /** On relations that are there before it. */
  readonly locks: readonly RelationLock[];
  readonly rewrite: StatementEffects["rewrite"];
  readonly inTransaction: boolean;
}

export interface PlannedFile {
  readonly version: string;
  readonly file: string;
  readonly path: string;
  /** Whether the file and its history row are one transaction. */
  readonly inTransaction: boolean;
  readonly statements: readonly PlannedStatement[];
  readonly findings: readonly LintFinding[];
}

export interface LintOptions {
  /** Levels by rule, over those that the rules have by themselves. */
  readonly levels: Readonly<Record<string, LintLevel>>;
  /** Whether the runner sets a lock timeout. */
  readonly hasLockTimeout: boolean;
}

interface TextToPlan {
  readonly version: string;
  readonly file: string;
  readonly path: string;
  readonly sql: string;
}

/** Plans the files in their order, with what each statement does and what the rules say of it. Throws a ScriptError for an unknown rule. */
export async function planFiles(files: readonly TextToPlan[], options: LintOptions): Promise<readonly PlannedFile[]> {
  refuseUnknown(options.levels);
  const made = new Set<string>();
  const planned: PlannedFile[] = [];
  for (const file of files) planned.push(await planFile(file, options, made));
  return planned;
}

function refuseUnknown(levels: LintOptions["levels"]): void {
  const known = [...lintRules.map(({ name }) => name), ...Object.keys(fileRules)];
  for (const [rule, level] of Object.entries(levels)) {
    if (!known.includes(rule)) throw new ScriptError("configuration", `migrations.lint.rules names an unknown rule: ${rule}`, { hint: `Known are ${known.join(", ")}.` });
    if (!lintLevels.includes(level)) throw new ScriptError("configuration", `migrations.lint.rules has an unknown level: ${level}`, { hint: "Use off, warn or error." });
  }
}

async function planFile({ version, file, path, sql }: TextToPlan, options: LintOptions, made: Set<string>): Promise<PlannedFile> {
  const plan = planExecution(sql);
  const linter: Linter = { file, sql, options, made, ignores: readIgnores(sql), findings: [] };
  const statements: PlannedStatement[] = [];
  const seen = { lock_timeout: false, statement_timeout: false };
  for (const unit of statementUnits(plan.statements)) {
    for (const statement of unit.statements) {
      const circumstances: Circumstances = {
        inOwnTransaction: unit.kind === "block" && statement !== unit.statements[0],
        fileInTransaction: plan.inTransaction,
        hasLockTimeout: options.hasLockTimeout || seen.lock_timeout,
        hasStatementTimeout: seen.statement_timeout,
      };
      statements.push({ ...(await planStatement(linter, statement, circumstances)), inTransaction: plan.inTransaction || unit.kind !== "alone" });
      const set = /^set\s+(?:session\s+|local\s+)?(lock_timeout|statement_timeout)\b/iu.exec(statement.text)?.[1]?.toLowerCase();
      if (set !== undefined) seen[set as keyof typeof seen] = true;
    }
  }
  const findings = [...linter.findings, ...ignoreFindings(linter)].toSorted((a, b) => a.line - b.line);
  return { version, file, path, inTransaction: plan.inTransaction, statements, findings };
}

interface Linter {
  readonly file: string;
  readonly sql: string;
  readonly options: LintOptions;
  /** The relations that the pending files have made so far. */
  readonly made: Set<string>;
  readonly ignores: readonly Ignore[];
  readonly findings: LintFinding[];
}

type Circumstances = Omit<LintedStatement, "node" | "text" | "effects" | "isNew">;

async function planStatement(linter: Linter, statement: SqlStatement, circumstances: Circumstances): Promise<Omit<PlannedStatement, "inTransaction">> {
  const { line } = locate(linter.sql, statement.start);
  const text = shorten(statement.text);
  const parsed = await parseStatement(statement.text);
  if ("syntaxError" in parsed) {
    report(linter, statement, { rule: "syntax", level: fileRules.syntax, said: [parsed.syntaxError, "Correct the statement"] });
    return { line, text, locks: [], rewrite: "maybe" };
  }
  const effects = effectsOf(parsed.node);
  const isNew = (relation: string): boolean => linter.made.has(relation);
  for (const { name: rule, level, check } of lintRules) {
    const said = check({ node: parsed.node, text: statement.text, effects, isNew, ...circumstances });
    if (said !== undefined) report(linter, statement, { rule, level, said });
  }
  for (const relation of effects.creates) linter.made.add(relation);
  return { line, text, locks: effects.locks.filter(({ relation }) => !isNew(relation)), rewrite: effects.rewrite };
}

interface Said {
  readonly rule: string;
  readonly level: LintLevel;
  readonly said: readonly [problem: string, hint: string];
}

function report({ file, sql, options, ignores, findings }: Linter, statement: SqlStatement, { rule, level: usual, said: [problem, hint] }: Said): void {
  const level = options.levels[rule] ?? usual;
  if (level === "off") return;
  const ignore = ignores.find((one) => one.rule === rule && (one.wholeFile || one.covers(statement)));
  if (ignore !== undefined) return void (ignore.isUsed = true);
  const { line, column } = locate(sql, statement.start);
  findings.push({ rule, level, file, line, column, message: `${problem}.`, hint: `${hint}.` });
}

function ignoreFindings({ file, options, ignores }: Linter): LintFinding[] {
  return ignores.flatMap(({ rule, reason, isUsed, line }) => {
    const [name, message, hint] = reason === "" ? (["ignore-without-reason", `lint-ignore ${rule} gives no reason.`, `Write -- lint-ignore ${rule}: and why.`] as const) : (["unused-ignore", `lint-ignore ${rule} ignores nothing.`, "Remove it."] as const);
    const level = options.levels[name] ?? fileRules[name];
    return level === "off" || (name === "unused-ignore" && isUsed) ? [] : [{ rule: name, level, file, line, column: 1, message, hint }];
  });
}
