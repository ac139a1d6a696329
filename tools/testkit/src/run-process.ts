import { spawn } from "node:child_process";
import { globSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface ProcessOptions {
  /** Added to PATH, HOME (a folder of the tests), REPORT_DIR (one in it), TMPDIR, LANG and TZ; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to its stdin, which is empty otherwise. */
  readonly input?: string;
  /** Milliseconds until it is killed; 60 000 unless told. */
  readonly timeout?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface ProcessResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface StartedProcess {
  readonly pid: number;
  readonly done: Promise<ProcessResult>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves as soon as stdout and stderr together match; rejects when the process ends before. */
  output(pattern: RegExp): Promise<string>;
}

/** Runs a real process to its end, whatever that is. */
export async function runProcess(command: string, args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  return startProcess(command, args, options).done;
}

/** Starts a real process, for tests that send signals. */
export function startProcess(command: string, args: readonly string[], options: ProcessOptions = {}): StartedProcess {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...baseEnvironment(), ...options.env },
    timeout: options.timeout ?? 60_000,
    killSignal: "SIGKILL",
    ...(options.uid !== undefined && { uid: options.uid }),
    ...(options.gid !== undefined && { gid: options.gid }),
  });
  const seen = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) child[stream].setEncoding("utf8").on("data", (text: string) => (seen[stream] += text));
  child.stdin.on("error", () => {
    // It ended without reading its input, which is its right.
  });
  child.stdin.end(options.input ?? "");
  const done = new Promise<ProcessResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal, ...seen, durationMs: performance.now() - started }));
  });
  const output = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => void (pattern.test(seen.stdout + seen.stderr) && resolve(seen.stdout + seen.stderr));
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      child.once("close", () => reject(new Error(`ended before it printed ${pattern}: ${seen.stdout}${seen.stderr}`)));
      look();
    });
  return { pid: child.pid ?? 0, done, output, kill: (signal) => void child.kill(signal) };
}

function baseEnvironment(): Record<string, string> {
  const home = join(tmpdir(), `platform-testkit-home-${userInfo().uid}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return { PATH: process.env["PATH"] ?? "", HOME: home, REPORT_DIR: join(home, "reports"), TMPDIR: tmpdir(), LANG: "C.UTF-8", TZ: "UTC" };
}

export interface BinOptions extends ProcessOptions {
  /** Runs what the build made, as users get it; otherwise the present source, which needs no build. */
  readonly built?: boolean;
}

/** Runs the command of a workspace package, such as `verify-connection`, in a process of its own. */
export async function runBin(name: string, args: readonly string[], options: BinOptions = {}): Promise<ProcessResult> {
  return startBin(name, args, options).done;
}

/** Like `runBin`, for tests that send signals. */
export function startBin(name: string, args: readonly string[], options: BinOptions = {}): StartedProcess {
  // As the first line of a bin has it: without "--" Node itself looks for the file of a later --env-file.
  if (options.built) return startProcess(nodeProgram, ["--", binFile(name), ...args], options);
  const env = { NODE_COMPILE_CACHE: compileCache, ...options.env };
  return startProcess(nodeProgram, [...fromSource, "--", binFile(name), ...args], { ...options, env });
}

const root = join(import.meta.dirname, "../../..");
const nodeProgram = join(root, "node_modules/.bin/node");
const fromSource = ["--conditions=@org/source", `--import=${pathToFileURL(join(import.meta.dirname, "from-source.ts")).href}`];
/** A value for NODE_COMPILE_CACHE: it halves the time that a command takes from its source. */
export const compileCache: string = join(tmpdir(), `platform-testkit-compile-cache-${userInfo().uid}`);

/** The committed entry of a command, `bin/<name>.js` of its package, or `.cjs`. */
export function binFile(name: string): string {
  const [file] = globSync(`packages/*/${name}/bin/${name}.{js,cjs}`, { cwd: root });
  if (file === undefined) throw new Error(`no package has the command ${name}`);
  return join(root, file);
}
