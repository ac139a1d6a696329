import { suggest } from "@org/env";
import { ScriptError } from "@org/exit-codes";
import * as v from "valibot";
import type { PlatformConfig } from "../config.ts";
import { platformConfigSchema } from "./platform-config.ts";

/**
 * The config that a file holds. A key whose value is undefined counts as absent, and `$schema` is for editors only.
 * Throws one ScriptError(configuration) that names every problem with its path.
 */
export function validateConfig(value: unknown, file: string): PlatformConfig {
  const config = withoutUndefined(value);
  if (isObject(config)) delete config["$schema"];
  const result = v.safeParse(platformConfigSchema, config);
  const problems = [...shapeProblems(platformConfigSchema, config, ""), ...(result.issues ?? []).filter(notUnknownKey).map(describe)];
  if (result.success && problems.length === 0) return result.output;
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  throw new ScriptError("configuration", `${file} has ${count}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`, {
    hint: `Correct ${problems.length === 1 ? "it" : "them"} in ${file}.`,
  });
}

/** A copy in which absent is absent: `databaseUrl: process.env.X` must not count as a value of the wrong type. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isObject(value)) return value;
  const defined = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(defined.map(([key, item]) => [key, withoutUndefined(item)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of a module of another realm has another Object.prototype, whose own prototype is null too.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

interface SchemaNode {
  readonly type: string;
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly item?: SchemaNode;
  readonly wrapped?: SchemaNode;
}

/** What the parser leaves out: it takes a list for an object, and stops at the first unknown key of each object. */
function shapeProblems(schema: object, value: unknown, path: string): string[] {
  const node = schema as SchemaNode;
  if (node.wrapped !== undefined) return shapeProblems(node.wrapped, value, path);
  if (node.item !== undefined && Array.isArray(value)) {
    return value.flatMap((item, index) => shapeProblems(node.item!, item, `${path}[${index}]`));
  }
  if (/object|record/u.test(node.type) && Array.isArray(value)) return [`${path === "" ? "" : `${path}: `}expected an object, found a list`];
  if (node.entries === undefined || !isObject(value)) return [];
  const { entries } = node;
  return Object.entries(value).flatMap(([key, item]) => {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    const at = path === "" ? key : `${path}.${key}`;
    return entry === undefined ? [unknownKey(at, key, Object.keys(entries))] : shapeProblems(entry, item, at);
  });
}

function unknownKey(path: string, key: string, known: readonly string[]): string {
  const near = suggest(key, known);
  return `${path}: unknown key; ${near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`}`;
}

function notUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return !(issue.type === "strict_object" && issue.expected === "never");
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = pathOf(issue);
  const where = path === "" ? "" : `${path}: `;
  if (issue.kind === "validation" || issue.type === "custom") return `${where}${issue.message}`;
  if (issue.received === "undefined" && path !== "") return `${where}it is missing`;
  return `${where}expected ${wordsOf(issue.expected ?? "another value")}, found ${found(issue.input)}`;
}

function pathOf(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  return keys.join("").replace(/^\./u, "");
}

/** The parser writes `(Object | Array)` and quotes literals; people read "an object" and `"local"`. */
function wordsOf(expected: string): string {
  const words: Readonly<Record<string, string>> = { Object: "an object", Array: "a list", string: "a text", number: "a number", boolean: "true or false" };
  return words[expected] ?? expected.replace(/^\(|\)$/gu, "").replaceAll(" | ", " or ");
}

/** Names a value without telling what may be a secret: texts of the wrong place are described, not printed, when long. */
function found(input: unknown): string {
  if (typeof input === "string") return input.length <= 20 ? JSON.stringify(input) : "a text";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return input === null ? "nothing" : "an object";
  return typeof input === "number" || typeof input === "boolean" ? String(input) : `a ${typeof input}`;
}
