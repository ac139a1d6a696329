/** One statement of an SQL text. */
export interface SqlStatement {
  /** From its first to its last character, without the semicolon. */
  readonly text: string;
  /** Where it starts in the whole text, in UTF-16 units. */
  readonly start: number;
  /** Its bare words in upper case, outside quotes and parentheses; the first 16 of them. */
  readonly words: readonly string[];
  /** For COPY ... FROM STDIN, what follows it in the text. */
  readonly copyData?: CopyData;
}

/** Rows written below a COPY ... FROM STDIN, as pg_dump writes them. */
export interface CopyData {
  /** The rows with their line ends, from the line below the statement on. */
  readonly text: string;
  /** Where the rows start in the whole text, and where the line after the closing `\.` does. */
  readonly start: number;
  readonly end: number;
}

export interface SplitSql {
  readonly statements: readonly SqlStatement[];
  /** The texts of the line comments, trimmed, without the dashes. */
  readonly comments: readonly string[];
}

/**
 * Splits SQL as psql does: a semicolon ends a statement unless it is inside quotes, dollar quotes, comments, parentheses, the BEGIN ATOMIC
 * body of a function or the rows below a COPY ... FROM STDIN. What is not closed reaches to the end of the text, and the server says so.
 */
export function splitStatements(sql: string): SplitSql {
  const scan: Scan = { sql, statements: [], comments: [], rows: undefined, ...emptyStatement() };
  let at = 0;
  while (at < sql.length) at = afterRows(scan, step(scan, at));
  finish(scan, sql.length);
  return { statements: scan.statements, comments: scan.comments };
}

interface OpenStatement {
  /** Where the first token starts and the last one ends; undefined before the first. */
  start: number | undefined;
  end: number;
  words: string[];
  parentheses: number;
  blocks: number;
}

interface Scan extends OpenStatement {
  readonly sql: string;
  readonly statements: SqlStatement[];
  readonly comments: string[];
  /** What is to be passed over when its line is reached: the rest of COPY's own line is SQL. */
  rows: { readonly start: number; readonly end: number } | undefined;
}

const maximumWords = 16;

function emptyStatement(): OpenStatement {
  return { start: undefined, end: 0, words: [], parentheses: 0, blocks: 0 };
}

const blank = /\s+/uy;
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const number = /\d[\w.$]*/y;

/** Reads one token and says where the next one starts. */
function step(scan: Scan, at: number): number {
  const { sql } = scan;
  const skipped = match(blank, sql, at);
  if (skipped !== undefined) return at + skipped.length;
  if (sql.startsWith("--", at)) return lineComment(scan, at);
  if (sql.startsWith("/*", at)) return blockComment(sql, at);
  if (sql[at] === ";" && scan.parentheses === 0 && scan.blocks === 0) return finish(scan, at);
  const end = tokenEnd(scan, at);
  scan.start ??= at;
  scan.end = end;
  return end;
}

function tokenEnd(scan: Scan, at: number): number {
  const { sql } = scan;
  const character = sql[at]!;
  if (character === "'" || character === '"') return quoted(sql, at);
  const found = match(word, sql, at);
  if (found !== undefined) {
    if (/^e$/iu.test(found) && sql[at + 1] === "'") return escapeString(sql, at + 1);
    noteWord(scan, found.toUpperCase());
    return at + found.length;
  }
  const tag = match(dollarQuote, sql, at);
  if (tag !== undefined) return closedBy(sql, tag, at + tag.length);
  if (character === "(") scan.parentheses += 1;
  if (character === ")") scan.parentheses = Math.max(0, scan.parentheses - 1);
  return at + (match(number, sql, at)?.length ?? 1);
}

function finish(scan: Scan, at: number): number {
  const { sql, start, end, words } = scan;
  if (start !== undefined) {
    const copyData = readsInput(words) ? findCopyData(sql, scan.rows?.end ?? nextLine(sql, at)) : undefined;
    if (copyData !== undefined) scan.rows = { start: scan.rows?.start ?? copyData.start, end: copyData.end };
    scan.statements.push({ text: sql.slice(start, end), start, words, ...(copyData && { copyData }) });
  }
  Object.assign(scan, emptyStatement());
  return at + 1;
}

function readsInput(words: readonly string[]): boolean {
  return /^COPY\b.*\bFROM STDIN\b/u.test(words.join(" "));
}

function nextLine(sql: string, at: number): number {
  const newline = sql.indexOf("\n", at);
  return newline === -1 ? sql.length : newline + 1;
}

function findCopyData(sql: string, start: number): CopyData {
  const mark = /(?<![^\n])\\\.\r?(?:\n|(?![^]))/gu;
  mark.lastIndex = start;
  const found = mark.exec(sql);
  return { text: sql.slice(start, found?.index), start, end: found === null ? sql.length : mark.lastIndex };
}

function afterRows(scan: Scan, at: number): number {
  const { rows } = scan;
  if (rows === undefined || at < rows.start) return at;
  scan.rows = undefined;
  return Math.max(at, rows.end);
}

function lineComment(scan: Scan, at: number): number {
  const text = /[^\r\n]*/y;
  text.lastIndex = at;
  const comment = text.exec(scan.sql)![0];
  scan.comments.push(comment.slice(2).trim());
  return at + comment.length;
}

/** Block comments nest. */
function blockComment(sql: string, at: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = at + 2;
  for (let depth = 1; depth > 0; ) {
    const found = mark.exec(sql);
    if (found === null) return sql.length;
    depth += found[0] === "/*" ? 1 : -1;
  }
  return mark.lastIndex;
}

/** A doubled quote stands for itself, which makes two quoted texts in a row of it: nothing to tell apart here. */
function quoted(sql: string, at: number): number {
  return closedBy(sql, sql[at]!, at + 1);
}

function escapeString(sql: string, at: number): number {
  const mark = /\\[\s\S]|''|'/g;
  mark.lastIndex = at + 1;
  for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    if (found[0] === "'") return mark.lastIndex;
  }
  return sql.length;
}

function closedBy(sql: string, mark: string, from: number): number {
  const at = sql.indexOf(mark, from);
  return at === -1 ? sql.length : at + mark.length;
}

function noteWord(scan: Scan, found: string): void {
  if (scan.parentheses > 0) return;
  if (createsRoutine(scan.words)) scan.blocks = Math.max(0, scan.blocks + blockChange(found, scan.blocks));
  if (scan.words.length < maximumWords) scan.words.push(found);
}

function createsRoutine(words: readonly string[]): boolean {
  return /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/u.test(words.slice(0, 4).join(" "));
}

/** CASE ends with an END of its own, so inside a body it counts as a block. */
function blockChange(found: string, blocks: number): number {
  if (found === "BEGIN") return 1;
  if (found === "CASE") return blocks > 0 ? 1 : 0;
  return found === "END" ? -1 : 0;
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}
