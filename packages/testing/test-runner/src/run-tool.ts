import { execFile } from "node:child_process";

export interface ToolAnswer {
  readonly missing: boolean;
  readonly failed: boolean;
  /** What it printed on both streams. */
  readonly text: string;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Runs a tool of the caller's PATH, for five seconds at most. */
export function runTool(name: string, args: readonly string[], { env, signal }: Surroundings): Promise<ToolAnswer> {
  return new Promise((resolve, reject) => {
    // npm would keep its compiled code in the temp folder.
    const quiet = { NODE_DISABLE_COMPILE_CACHE: "1" };
    execFile(name, args, { env: { ...env, ...quiet }, signal, timeout: 5_000, windowsHide: true }, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason as Error);
      resolve({ missing: error?.code === "ENOENT", failed: error !== null, text: `${stdout}${stderr}` });
    });
  });
}
