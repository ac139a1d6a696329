import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess, withPlace } from "@org/testkit";
import { expect, test } from "vitest";

test("the README's examples run", async () => {
  const packageRoot = join(import.meta.dirname, "..");
  const readme = await readFile(join(packageRoot, "README.md"), "utf8");
  const [script, library] = [...readme.matchAll(/```ts\n(.*?)```/gsu)].map(([, code]) => code!);
  await withPlace({ "1_a.sql": "CREATE TABLE IF NOT EXISTS a (id int)" }, async ({ url, folder }) => {
    const run = async (code: string): Promise<string> => {
      const args = ["--conditions=@org/source", "--input-type=module-typescript", "--eval", code.replace('"migrations"', JSON.stringify(folder))];
      const { stdout, stderr } = await runProcess(process.execPath, args, { cwd: packageRoot, env: { DATABASE_URL: url, SCRATCH_URL: url } });
      return stdout + stderr;
    };
    expect(await run(script!)).toBe("pass { applied: 1, pending: 0, failed: 0, changed: 0, missing: 0 }\n");
    expect(await run(library!)).toBe("1 of layout files\n");
  });
});
