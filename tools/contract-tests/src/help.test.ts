// --help and --version: no I/O, no heavy library.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { binFile, runProcess, withTempFolder } from "@org/testkit";
import { describe, expect, test } from "vitest";
import { root, scripts } from "./scripts.ts";
import { withSilentService, type SilentService } from "./testing/listener.ts";

const recorder = pathToFileURL(join(import.meta.dirname, "testing/record-modules.ts")).href;

/** Modules of Node that cost milliseconds to load and are of no use to a text. */
const dear = ["crypto", "dns", "fs/promises", "http", "https", "net", "tls"].map((name) => `node:${name}`);

describe.each(scripts)("$name", ({ name, manifest, folder }) => {
  test.each(["--help", "--version"])("%s reads nothing but its own modules and writes nothing", async (flag) => {
    const check = async (place: string, { port, connections }: SilentService): Promise<void> => {
      const env = { HOME: place, TMPDIR: place, STATE_DIR: join(place, "s"), REPORT_DIR: join(place, "r"), METRICS_FILE: join(place, "m.prom"), DATABASE_URL: `postgres://u:p@127.0.0.1:${port}/d`, REDIS_URL: `redis://127.0.0.1:${port}` };
      // The permission model refuses every write, every child process and every file outside of the workspace.
      const flags = ["--permission", `--allow-fs-read=${root}/packages/*`, `--allow-fs-read=${root}/node_modules/*`, `--allow-fs-read=${root}/package.json`];
      const result = await runProcess(process.execPath, [...flags, "--", binFile(name), flag], { cwd: place, env });
      expect(result, result.stderr).toMatchObject({ exitCode: 0, stderr: "" });
      if (flag === "--help") expect(result.stdout).toContain(manifest.summary);
      else expect(result.stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
      expect(readdirSync(place)).toEqual([]);
      expect(connections()).toBe(0);
    };
    await withTempFolder((place) => withSilentService((service) => check(place, service)));
  });

  test("--help loads nothing but the command, the runtime and what they are made of", async () => {
    const { stderr } = await runProcess(process.execPath, [`--import=${recorder}`, "--", binFile(name), "--help"]);
    const loaded = JSON.parse(stderr) as string[];
    expect(loaded.filter((url) => dear.includes(url))).toEqual([]);
    const mayLoad = [folder, ...["script", "env", "logging", "exit-codes"].map((library) => join(root, "packages/core", library))];
    const others = loaded.filter((url) => !url.startsWith("node:") && !mayLoad.some((allowed) => url.startsWith(pathToFileURL(`${allowed}/`).href)));
    expect(others.filter((url) => url !== recorder)).toEqual([]);
  });
});
