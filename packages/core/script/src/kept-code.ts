import { dirname, join } from "node:path";

/** Where the compiled code of one file is kept. */
interface CodePlace {
  /** Made when it is not there; beside the code itself, so that who may write here could change that as well. */
  readonly folder: string;
  /** This user; undefined where there are no user ids. */
  readonly uid: number | undefined;
  /** Names the content of the file: V8 does not look whether it compiled another text. */
  readonly version: string;
}

interface CodeFile {
  /** Holds a function expression, the one that Node wraps around a CommonJS module: to put it around the text here would copy all of that at each start. */
  readonly file: string;
  readonly require: NodeJS.Require;
  /** Undefined where nothing is to be kept. */
  readonly place: CodePlace | undefined;
  /** Has something done when the process ends. */
  readonly atExit: (work: () => void) => void;
}

/**
 * Runs a CommonJS file, which imports nothing dynamically, as `require` does, but from code that earlier runs have compiled. Node's own compile cache keeps what is compiled before anything
 * runs, which leaves out nearly every function; here the first runs add each what they needed. The folder is one that nobody but this user may write,
 * because what it holds is executed; without such a folder nothing is kept. Throws what the file throws.
 */
export function runFromKeptCode({ file, require, place, atExit }: CodeFile): void {
  const { Script } = process.getBuiltinModule("node:vm");
  const own = place !== undefined && isOwnFolder(place) ? place : undefined;
  const kept = own && readKept(own);
  const script = new Script(process.getBuiltinModule("node:fs").readFileSync(file, "utf8"), { filename: file, cachedData: kept?.code });
  const runs = kept === undefined || script.cachedDataRejected === true ? 0 : kept.runs;
  if (own !== undefined && runs < growingRuns) atExit(() => keep(own, { code: script.createCachedData(), runs: runs + 1 }));
  const module = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports, require, module, file, dirname(file));
}

type Wrapper = (...given: readonly unknown[]) => void;

/** Runs differ in what they need: a plan, a first run, one with nothing to do. */
const growingRuns = 8;

interface KeptCode {
  readonly code: Buffer;
  /** The number of runs that it was gathered in; at most 255. */
  readonly runs: number;
}

function readKept(place: CodePlace): KeptCode | undefined {
  try {
    const content = process.getBuiltinModule("node:fs").readFileSync(fileOf(place));
    return { code: content.subarray(0, -1), runs: content.at(-1) ?? 0 };
  } catch {
    // The first run of this version, or one that may not read it.
    return undefined;
  }
}

/** In one step, so that another run reads all of it or nothing; flushed, so that none reads a part after a crash either. */
function keep(place: CodePlace, { code, runs }: KeptCode): void {
  const { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } = process.getBuiltinModule("node:fs");
  const temporary = `${fileOf(place)}.${process.pid}.tmp`;
  try {
    for (const name of readdirSync(place.folder)) if (!name.startsWith(place.version)) rmSync(join(place.folder, name), { force: true });
    const file = openSync(temporary, "wx", 0o600);
    writeFileSync(file, Buffer.concat([code, Buffer.of(runs)]));
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, fileOf(place));
  } catch {
    // A start that stays slower, and nothing else.
    rmSync(temporary, { force: true });
  }
}

/** V8 refuses code of another version of itself; each keeps its own, so that two of them do not take turns in writing it anew. */
function fileOf({ folder, version }: CodePlace): string {
  return join(folder, `${version}-${process.version}-${process.arch}`);
}

// Taken without an import: this runs before anything else, and importing node:fs as a module loads its streams as well.
function isOwnFolder({ folder, uid }: CodePlace): boolean {
  const { lstatSync, mkdirSync } = process.getBuiltinModule("node:fs");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    return found.isDirectory() && (uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0));
  } catch {
    // A folder that cannot be had makes the start slower and nothing else.
    return false;
  }
}
