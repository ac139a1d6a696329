import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runProcess, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";

/** Where a process that keeps its code below the folder keeps it; null where it keeps none. */
async function keptIn(temporary: string, user: number | undefined = process.getuid?.()): Promise<string | null> {
  const source = pathToFileURL(join(import.meta.dirname, "compile-cache.ts")).href;
  const program = `const { keepCompiledCode } = await import(${JSON.stringify(source)});
    keepCompiledCode({ temporary: ${JSON.stringify(temporary)}, uid: ${user} });
    console.log(JSON.stringify(process.getBuiltinModule("node:module").getCompileCacheDir() ?? null));`;
  const { stdout, stderr, exitCode } = await runProcess(process.execPath, ["--input-type=module", "-e", program], { env: {} });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as string | null;
}

const folderName = `platform-scripts-${process.getuid?.() ?? "compiled"}`;

test("code is kept in a folder of this user", async () => {
  await withTempFolder(async (folder) => {
    expect(await keptIn(folder)).toContain(join(folder, folderName));
    expect(await readdir(folder)).toEqual([folderName]);
  });
});

test("not in one that others may write, that another user owns, or to which a link leads", async () => {
  await withTempFolder(async (folder) => {
    await mkdir(join(folder, folderName));
    await chmod(join(folder, folderName), 0o777);
    expect(await keptIn(folder)).toBeNull();
    await mkdir(join(folder, "platform-scripts-12345"));
    expect(await keptIn(folder, 12_345)).toBeNull();
    await mkdir(join(folder, "other"));
    await symlink(join(folder, folderName), join(folder, "other", folderName));
    await chmod(join(folder, folderName), 0o700);
    expect(await keptIn(join(folder, "other"))).toBeNull();
    expect(await keptIn(folder)).not.toBeNull();
  });
});

test("where no folder can be made, nothing is kept and nothing fails", async () => {
  await withTempFolder(async (folder) => {
    await writeFile(join(folder, "file"), "");
    expect(await keptIn(join(folder, "file"))).toBeNull();
  });
});
