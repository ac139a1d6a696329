import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Manifest } from "@org/script";

/** A script of a fixture: its manifest, and the body of its bin. */
export interface FixtureScript {
  readonly category: string;
  readonly manifest: Pick<Manifest, "target" | "after"> & Partial<Manifest>;
  readonly bin: string;
}

/** What a process ended with. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const repository = join(import.meta.dirname, "../../..");

/** A workspace of its own with this repository's Nx setup and the given scripts, whose build does nothing. */
export async function withFixtureWorkspace(scripts: Readonly<Record<string, FixtureScript>>, use: (root: string) => Promise<void>): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "nx-scripts-")));
  try {
    for (const file of ["nx.json", ".local.env", "tools/nx-scripts", "packages/core/exit-codes"]) {
      cpSync(join(repository, file), join(root, file), { recursive: true });
    }
    symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
    writeJson(join(root, "package.json"), { name: "fixture", private: true, type: "module", workspaces: ["packages/*/*"] });
    for (const [name, script] of Object.entries(scripts)) addScript(join(root, "packages", script.category, name), name, script);
    await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs Nx in a workspace, as `npx nx` would; `meanwhile` may send it signals. */
export function nx(root: string, args: readonly string[], meanwhile: (child: ChildProcess) => unknown = () => undefined): Promise<Ended> {
  const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"]}`;
  const child = spawn("nx", args, { cwd: root, env: { ...outerEnvironment(), PATH: path }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return Promise.all([ended, meanwhile(child)]).then(([result]) => result);
}

// The tests themselves run inside Nx, whose variables would tie the inner Nx to the outer one.
function outerEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NX_")));
}

function addScript(folder: string, name: string, { manifest, bin }: FixtureScript): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeJson(join(folder, "package.json"), {
    name: `@org/${name}`,
    version: "0.1.0",
    type: "module",
    bin: { [name]: `bin/${name}.js` },
    nx: { targets: { build: { executor: "nx:noop" } } },
  });
  writeJson(join(folder, "script.json"), { summary: name, services: [], permission: "read", expected: "1s", timeout: "1s", ...manifest });
  writeFileSync(join(folder, "bin", `${name}.js`), bin);
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
