import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { runProcess } from "@org/testkit";
import { expect, test, vi } from "vitest";
import { withProject } from "./testing/project.ts";

vi.setConfig({ testTimeout: 240_000 });

test("the README's example runs", async () => {
  const packageRoot = join(import.meta.dirname, "..");
  const readme = await readFile(join(packageRoot, "README.md"), "utf8");
  const code = /```ts\n(.*?)```/su.exec(readme)![1]!;
  await withProject(async (project) => {
    const { postgresPort, cachePort } = project;
    const adapted = code.replace("{ install: true }", JSON.stringify({ install: true, postgresPort, cachePort })).replace('".env"', JSON.stringify(join(project.folder, ".env")));
    const args = ["--conditions=@org/source", "--input-type=module-typescript", "--eval", adapted];
    const { exitCode, stdout, stderr } = await runProcess(process.execPath, args, { cwd: packageRoot, timeout: 120_000, env: { PATH: project.searchPath, STATE_DIR: project.stateDir } });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: `postgres ready postgres://postgres:***@127.0.0.1:${postgresPort}/app\ncache ready redis://:***@127.0.0.1:${cachePort}\n`, stderr: "" });
    expect(Object.keys(parseEnv(await readFile(join(project.folder, ".env"), "utf8")))).toEqual(["DATABASE_URL", "REDIS_URL"]);
  });
});
