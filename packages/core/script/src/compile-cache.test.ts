import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runProcess, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";

/** Where a process that is told to keep its code in the folder keeps it; null where it keeps none. */
async function keptIn(folder: string, uid: number | undefined = process.getuid?.()): Promise<string | null> {
  const source = pathToFileURL(join(import.meta.dirname, "compile-cache.ts")).href;
  const program = `const { keepCompiledCode } = await import(${JSON.stringify(source)});
    keepCompiledCode({ folder: ${JSON.stringify(folder)}, uid: ${uid} });
    console.log(JSON.stringify(process.getBuiltinModule("node:module").getCompileCacheDir() ?? null));`;
  const { stdout, stderr, exitCode } = await runProcess(process.execPath, ["--input-type=module", "-e", program], { env: {} });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as string | null;
}

test("code is kept in a folder of this user", async () => {
  await withTempFolder(async (folder) => {
    const place = join(folder, "new", "compiled");
    expect(await keptIn(place)).toContain(place);
  });
});

test("not in one that others may write, that another user owns, or to which a link leads", async () => {
  await withTempFolder(async (folder) => {
    const [place, link] = [join(folder, "compiled"), join(folder, "link")];
    await mkdir(place);
    await symlink(place, link);
    await chmod(place, 0o777);
    expect(await keptIn(place)).toBeNull();
    await chmod(place, 0o700);
    expect(await keptIn(place)).toContain(place);
    expect(await keptIn(place, 12_345)).toBeNull();
    expect(await keptIn(link)).toBeNull();
  });
});

test("where no folder can be made, nothing is kept and nothing fails", async () => {
  await withTempFolder(async (folder) => {
    await writeFile(join(folder, "file"), "");
    expect(await keptIn(join(folder, "file", "compiled"))).toBeNull();
  });
});
