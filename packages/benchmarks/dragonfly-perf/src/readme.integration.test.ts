import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheServer, runProcess } from "@org/testkit";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");

test("the README's example runs", async () => {
  const readme = await readFile(join(folder, "README.md"), "utf8");
  const example = /```ts\n(.*?)```/su.exec(readme)?.[1] ?? "";
  const { url } = await cacheServer();
  const args = ["--conditions=@org/source", "--input-type=module-typescript", "--eval", example];
  const { exitCode, stdout, stderr } = await runProcess(process.execPath, args, { cwd: folder, env: { REDIS_URL: url } });
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^(IN)?VALID get [\d.]+ [\d.]+\n$/), stderr: "" });
});
