import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ScriptError } from "@org/exit-codes";
import { silentLogger, type Logger } from "@org/logging";
import { compareVersions, layoutExamples, parseMigrationPath, type MigrationLayout, type NamedFile } from "./layouts.ts";
import { listFiles } from "./list-files.ts";
import { printable } from "./printable.ts";
import { repeatableKey, repeatableName } from "./repeatables.ts";
import { hasSections, splitSections } from "./sections.ts";

/** One SQL text of a migration. */
export interface MigrationFile {
  /** Relative to the directory, with `/`. */
  readonly file: string;
  readonly path: string;
  readonly sql: string;
  /** SHA-256 over the text, the same for CRLF and LF and however many line ends close the file. */
  readonly checksum: string;
}

export interface Migration extends MigrationFile {
  /** Numbers without leading zeros, joined by dots (one number in all layouts but flyway); for compareVersions. R__name or S__path of one that is repeatable. */
  readonly version: string;
  readonly name: string;
  /** The way back, where the layout has one. */
  readonly down: MigrationFile | undefined;
}

export interface MigrationCollection {
  readonly directory: string;
  readonly layout: MigrationLayout;
  /** In the numeric order of their versions. */
  readonly migrations: readonly Migration[];
  /** The files R__name.sql, by name: applied after the migrations, and again when their text changes. */
  readonly repeatables: readonly Migration[];
}

export interface ReadMigrationsOptions {
  /** Which layout the files have; seen from their names and marks unless told. */
  readonly layout?: MigrationLayout | undefined;
  /** Whether the versions must be 1, 2, 3 and so on. */
  readonly strictSequence?: boolean | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * Reads the migrations of a directory. Throws one ScriptError (configuration) that lists every problem: a stray, empty or unreadable
 * file, a version that two files have, a way back without a way there, mixed layouts, no migration at all.
 */
export async function readMigrations(directory: string, options: ReadMigrationsOptions = {}): Promise<MigrationCollection> {
  const { logger = silentLogger } = options;
  // The caller connects meanwhile.
  await nextTurn();
  const { files, ignored } = listFiles(directory);
  for (const file of ignored) logger.debug(`Ignored ${printable(file)}: it is no SQL file.`);
  const repeatables = files.filter((file) => repeatableName(file) !== undefined);
  const named = files.filter((file) => repeatableName(file) === undefined).map((file) => ({ file, named: parseMigrationPath(file) }));
  const detected = detectLayout(named.flatMap((entry) => entry.named ?? []));
  const layout = options.layout ?? detected ?? (repeatables.length > 0 ? "files" : undefined);
  if (layout === undefined) throw noMigrations(directory, files);
  const collection = await collect({ ...options, directory, layout, named, repeatables, isGiven: options.layout !== undefined });
  logger.debug(`Read ${collection.migrations.length} migrations (layout ${layout}) from ${printable(directory)}.`);
  return collection;
}

/** The checksum that the history keeps of a text. */
export function checksumOf(sql: string): string {
  return hash("sha256", sql.replaceAll("\r\n", "\n").replace(/\n+$/u, ""));
}

interface Listed {
  readonly file: string;
  readonly named: NamedFile | undefined;
}

interface Listing extends ReadMigrationsOptions {
  readonly directory: string;
  readonly layout: MigrationLayout;
  /** Whether the layout was told. */
  readonly isGiven: boolean;
  readonly named: readonly Listed[];
  readonly repeatables: readonly string[];
}

/** The layout of most files, so that one stray file is the one that is complained about. */
function detectLayout(named: readonly NamedFile[]): MigrationLayout | undefined {
  const counts = new Map<MigrationLayout, number>();
  for (const { layout } of named) counts.set(layout, (counts.get(layout) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

async function collect(listing: Listing): Promise<MigrationCollection> {
  const { directory, layout: wanted, repeatables: again, isGiven, strictSequence = false } = listing;
  const problems: string[] = [];
  const read = await readNamed(listing, problems);
  const layout = wanted === "files" && !isGiven && read.some(({ sql }) => hasSections(sql)) ? "sections" : wanted;
  const found = layout === "sections" ? read.flatMap((file) => toSections(file, problems)) : read;
  problems.push(...sameVersions(found), ...downsAlone(found));
  const migrations = toMigrations(found);
  if (strictSequence) problems.push(...gaps(migrations));
  const repeatables = readRepeatables(directory, again, problems);
  if (migrations.length + repeatables.length + problems.length === 0) throw noMigrations(directory, []);
  if (problems.length > 0) throw unusable({ directory, layout, problems });
  return { directory, layout, migrations, repeatables };
}

async function readNamed({ directory, layout, named }: Listing, problems: string[]): Promise<readonly Found[]> {
  const read: Found[] = [];
  const layoutOfNames = layout === "sections" ? "files" : layout;
  const folder = join(directory, "/");
  for (const [index, { file, named: parsed }] of named.entries()) {
    // Each answer of the server waits for a pause.
    if (index % 8 === 7) await nextTurn();
    if (parsed?.layout !== layoutOfNames) problems.push(strayFile(file, parsed, layout));
    else read.push({ ...parsed, ...readSql(folder + file, file, problems) });
  }
  return read;
}

function readRepeatables(directory: string, files: readonly string[], problems: string[]): readonly Migration[] {
  const read: Migration[] = [];
  for (const file of files) {
    const name = repeatableName(file)!;
    const twin = read.find((one) => one.name === name);
    if (twin !== undefined) problems.push(`${printable(twin.file)} and ${printable(file)} have one name`);
    read.push({ ...readSql(join(directory, file), file, problems), version: repeatableKey("repeatable", name), name, down: undefined });
  }
  return read.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

interface Found extends NamedFile, MigrationFile {}

function strayFile(file: string, named: NamedFile | undefined, layout: MigrationLayout): string {
  const why = named === undefined ? "its name is not that of a migration" : `it belongs to the layout "${named.layout}"`;
  return `${printable(file)}: ${why}; here the layout is "${layout}" (${layoutExamples[layout]})`;
}

/** Reads one SQL text; what keeps it from being used is added to the problems. */
export function readSql(path: string, file: string, problems: string[]): MigrationFile {
  let sql = "";
  try {
    sql = decode(path);
    if (sql.trim() === "") problems.push(`${printable(file)}: it is empty`);
    if (sql.includes("\0")) problems.push(`${printable(file)}: it contains a NUL character, where Postgres would stop reading`);
  } catch (error) {
    problems.push(`${printable(file)}: ${error instanceof TypeError ? "it is not valid UTF-8" : printable((error as Error).message)}`);
  }
  return { file, path, sql, checksum: checksumOf(sql) };
}

/** Drops a byte order mark, which Postgres takes for a syntax error. Synchronous: each of many small files would wait for the thread pool four times. */
function decode(path: string): string {
  const text = readFileSync(path, "utf8");
  // What is no UTF-8 is read as this character, which may also stand in the file: only the bytes tell.
  if (text.includes("\uFFFD")) return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

function toSections(found: Found, problems: string[]): Found[] {
  const sections = splitSections(found.sql);
  if (typeof sections === "string") {
    problems.push(`${printable(found.file)}: ${sections}; here the layout is "sections"`);
    return [found];
  }
  const { up, down } = sections;
  if (up.trim() === "") problems.push(`${printable(found.file)}: there is nothing below its line "-- migrate:up"`);
  const section = (direction: "up" | "down", sql: string): Found => ({ ...found, direction, sql, checksum: checksumOf(sql.trimStart()) });
  return down === undefined || down.trim() === "" ? [section("up", up)] : [section("up", up), section("down", down)];
}

function gaps(migrations: readonly Migration[]): string[] {
  const wrong = migrations.findIndex(({ version }, index) => version !== String(index + 1));
  if (wrong === -1) return [];
  const before = wrong === 0 ? "" : ` after ${printable(migrations[wrong - 1]!.file)}`;
  return [`${printable(migrations[wrong]!.file)}: version ${wrong + 1} is missing${before}`];
}

function sameVersions(found: readonly Found[]): string[] {
  const groups = new Map<string, Found[]>();
  for (const file of found) {
    const key = `${file.direction} ${file.version}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => `${group.map(({ file }) => printable(file)).join(" and ")} have one version, ${group[0]!.version}`);
}

function downsAlone(found: readonly Found[]): string[] {
  const ups = new Set(found.filter(({ direction }) => direction === "up").map(({ version }) => version));
  return found
    .filter(({ direction, version }) => direction === "down" && !ups.has(version))
    .map(({ file, version }) => `${printable(file)}: it undoes version ${version}, which has no file to apply`);
}

function toMigrations(found: readonly Found[]): Migration[] {
  const downs = new Map(found.filter(({ direction }) => direction === "down").map((down) => [down.version, down]));
  return found
    .filter(({ direction }) => direction === "up")
    .toSorted((a, b) => compareVersions(a.version, b.version))
    .map(({ version, name, file, path, sql, checksum }) => ({ version, name, file, path, sql, checksum, down: toFile(downs.get(version)) }));
}

function toFile(found: Found | undefined): MigrationFile | undefined {
  return found && { file: found.file, path: found.path, sql: found.sql, checksum: found.checksum };
}

function unusable({ directory, layout, problems }: { readonly directory: string; readonly layout: MigrationLayout; readonly problems: readonly string[] }): ScriptError {
  const listed = problems.length === 1 ? problems[0]! : `${problems.length} problems:\n  - ${problems.join("\n  - ")}`;
  return new ScriptError("configuration", `the migrations in ${printable(directory)} cannot be used: ${listed}`, {
    hint: `Rename or move the files named here; a migration is named like ${layoutExamples[layout]}.`,
  });
}

function noMigrations(directory: string, files: readonly string[]): ScriptError {
  const seen = files.length === 0 ? "" : `; ${files.map(printable).join(", ")} ${files.length === 1 ? "is" : "are"} not named like one`;
  return new ScriptError("configuration", `${printable(directory)} holds no migration${seen}`, {
    hint: "Pass --directory or set migrations.directory; a migration is named like 1_create_users.sql.",
  });
}
