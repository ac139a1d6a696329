import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { shimOf } from "../package-norm.ts";

const repository = join(import.meta.dirname, "../../../..");

/** A small repository that passes every cheap check: one core package and three scripts. */
export interface Fixture {
  readonly root: string;
  readonly write: (file: string, content: string) => void;
  /** Changes a JSON file in place. */
  readonly edit: (file: string, change: (json: Record<string, unknown>) => void) => void;
}

export function withFixture(use: (fixture: Fixture) => void): void {
  const fixture = makeFixture();
  try {
    use(fixture);
  } finally {
    rmSync(fixture.root, { recursive: true });
  }
}

export async function withFixtureAsync(use: (fixture: Fixture) => void | Promise<void>): Promise<void> {
  const fixture = makeFixture();
  try {
    await use(fixture);
  } finally {
    rmSync(fixture.root, { recursive: true });
  }
}

function makeFixture(): Fixture {
  const root = mkdtempSync(join(tmpdir(), "repo-checks-"));
  const write = (file: string, content: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content, { mode: file.includes("/bin/") ? 0o755 : 0o644 });
  };
  const edit: Fixture["edit"] = (file, change) => {
    const json = JSON.parse(readFileSync(join(root, file), "utf8")) as Record<string, unknown>;
    change(json);
    write(file, JSON.stringify(json));
  };
  cpSync(join(repository, "LICENSE"), join(root, "LICENSE"));
  addPackage(write, "core/exit-codes", undefined);
  addPackage(write, "database/run-migrations", { permission: "write", target: "setup" });
  addPackage(write, "verification/verify-foo", { after: ["run-migrations"] });
  addPackage(write, "verification/verify-bar", { waitsFor: ["verify-foo"] });
  return { root, write, edit };
}

function addPackage(write: Fixture["write"], path: string, script: object | undefined): void {
  const folder = `packages/${path}`;
  const name = path.split("/")[1] ?? "";
  const summary = `Do the work of ${name}`;
  write(`${folder}/package.json`, JSON.stringify(packageJson({ folder, name, summary, isScript: script !== undefined })));
  for (const file of ["tsconfig.json", "tsconfig.build.json"]) write(`${folder}/${file}`, '{ "extends": "../../../tsconfig.base.json" }');
  for (const file of ["src/index.ts", `src/${name}.test.ts`, "README.md"]) write(`${folder}/${file}`, "");
  write(`${folder}/LICENSE`, readFileSync(join(repository, "LICENSE"), "utf8"));
  if (script === undefined) return;
  write(`${folder}/bin/${name}.js`, shimOf(name, false));
  const manifest = { summary, target: "verify", after: [], services: ["postgres"], permission: "read", expected: "5s", timeout: "30s", ...script };
  write(`${folder}/script.json`, JSON.stringify(manifest));
}

interface Described {
  readonly folder: string;
  readonly name: string;
  readonly summary: string;
  readonly isScript: boolean;
}

function packageJson({ folder, name, summary, isScript }: Described): object {
  return {
    name: `@org/${name}`,
    version: "0.1.0",
    description: summary,
    license: "MIT",
    repository: { type: "git", url: "git+https://example.org/platform.git", directory: folder },
    homepage: `https://example.org/platform/${folder}#readme`,
    type: "module",
    ...(isScript ? { bin: { [name]: `bin/${name}.js` } } : {}),
    exports: {
      ".": { "@org/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
      ...(isScript ? { "./script.json": "./script.json" } : {}),
      "./package.json": "./package.json",
    },
    files: isScript ? ["bin", "dist", "script.json"] : ["dist"],
    sideEffects: false,
    engines: { node: ">=22.18" },
    publishConfig: { access: "public" },
  };
}
