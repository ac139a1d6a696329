// Needs Postgres, which the testkit starts.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "@org/testkit";
import { expect, test } from "vitest";
import { withApplied } from "./testing/place.ts";

test("the README's example runs", async () => {
  const packageRoot = join(import.meta.dirname, "..");
  const [, code] = /```ts\n(.*?)```/su.exec(await readFile(join(packageRoot, "README.md"), "utf8"))!;
  await withApplied({ "1_a.up.sql": "CREATE TABLE a (id int)", "1_a.down.sql": "DROP TABLE a" }, async ({ url, folder }) => {
    const args = ["--conditions=@org/source", "--input-type=module-typescript", "--eval", code!.replace('"migrations"', JSON.stringify(folder))];
    const { stdout, stderr } = await runProcess(process.execPath, args, { cwd: packageRoot, env: { DATABASE_URL: url } });
    expect(stdout + stderr).toBe("1 1_a.down.sql\n");
  });
});
