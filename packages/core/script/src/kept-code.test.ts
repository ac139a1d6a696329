import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runProcess, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";

interface Start {
  readonly folder: string;
  /** What the file says inside its function. */
  readonly code: string;
  readonly version?: string;
  readonly uid?: number | undefined;
}

/** Starts a process that runs the file `bin.code` from code that is kept in `<folder>/kept`, and gives what it printed. */
async function start({ folder, code, version = "v1", uid = process.getuid?.() }: Start): Promise<string> {
  await writeFile(join(folder, "bin.code"), `(function (exports, require, module, __filename, __dirname) {${code}\n})`);
  const source = pathToFileURL(join(import.meta.dirname, "kept-code.ts")).href;
  const program = `import { createRequire } from "node:module";
    const { runFromKeptCode } = await import(${JSON.stringify(source)});
    const [file, folder] = ${JSON.stringify([join(folder, "bin.code"), join(folder, "kept")])};
    const place = { folder, uid: ${uid}, version: "${version}" };
    runFromKeptCode({ file, place, require: createRequire(file), atExit: (work) => process.once("exit", work) });`;
  const { stdout, stderr, exitCode } = await runProcess(process.execPath, ["--input-type=module", "-e", program], { env: {} });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

async function kept(folder: string): Promise<readonly string[]> {
  return readdir(join(folder, "kept"));
}

async function contentOf(folder: string): Promise<Buffer> {
  const [name] = await kept(folder);
  return readFile(join(folder, "kept", name!));
}

const says = (word: string): string => `function say() { console.log("${word}"); } say();`;

test("a file runs as a module: it requires what is beside it and knows its path", async () => {
  await withTempFolder(async (folder) => {
    await writeFile(join(folder, "beside.cjs"), "exports.required = 1;");
    const code = `console.log(require("./beside.cjs").required, __filename.endsWith("bin.code"), exports === module.exports);`;
    for (let run = 0; run < 3; run += 1) expect(await start({ folder, code })).toBe("1 true true\n");
  });
});

test("a run uses the code that another has kept, and a new version its own, which replaces it", async () => {
  await withTempFolder(async (folder) => {
    expect(await start({ folder, code: says("one") })).toBe("one\n");
    // Another text of the same length under the name of the same version: what is said tells whose code runs.
    expect(await start({ folder, code: says("two") })).toBe("one\n");
    expect(await start({ folder, code: says("two"), version: "v2" })).toBe("two\n");
    expect(await kept(folder)).toEqual([expect.stringMatching(/^v2-/u)]);
  });
});

test("the first runs add what they needed, then it stays as it is", async () => {
  await withTempFolder(async (folder) => {
    const code = `function often() { return ${"1 + ".repeat(200)}0; } require("node:fs").appendFileSync(__dirname + "/runs", "x");
      if (require("node:fs").readFileSync(__dirname + "/runs").length > 1) console.log(often());`;
    await start({ folder, code });
    const first = await contentOf(folder);
    expect(await start({ folder, code })).toBe("200\n");
    expect((await contentOf(folder)).length).toBeGreaterThan(first.length);
    for (let run = 2; run < 8; run += 1) await start({ folder, code });
    const settled = await contentOf(folder);
    expect([first.at(-1), settled.at(-1)]).toEqual([1, 8]);
    await start({ folder, code });
    expect(await contentOf(folder)).toEqual(settled);
  });
});

test.each([
  ["is empty", () => Buffer.alloc(0)],
  ["was cut off", (content: Buffer) => content.subarray(0, content.length / 2)],
  ["is another one", (content: Buffer) => Buffer.alloc(content.length, "x")],
])("kept code that %s is not used and made anew", async (_, damage) => {
  await withTempFolder(async (folder) => {
    await start({ folder, code: says("one") });
    const [name] = await kept(folder);
    await writeFile(join(folder, "kept", name!), damage(await contentOf(folder)));
    expect(await start({ folder, code: says("two") })).toBe("two\n");
    expect(await start({ folder, code: says("one") })).toBe("two\n");
  });
});

test("nothing is kept in a folder that others may write, that another user owns, or to which a link leads, and the file runs", async () => {
  await withTempFolder(async (folder) => {
    await mkdir(join(folder, "kept"));
    await chmod(join(folder, "kept"), 0o777);
    expect(await start({ folder, code: says("one") })).toBe("one\n");
    expect(await kept(folder)).toEqual([]);
    await chmod(join(folder, "kept"), 0o700);
    expect(await start({ folder, code: says("one"), uid: 12_345 })).toBe("one\n");
    expect(await kept(folder)).toEqual([]);
    await start({ folder, code: says("one") });
    expect(await kept(folder)).toHaveLength(1);
  });
  await withTempFolder(async (folder) => {
    await mkdir(join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(folder, "kept"));
    expect(await start({ folder, code: says("one") })).toBe("one\n");
    expect(await kept(folder)).toEqual([]);
  });
});

test("where no folder can be made, the file runs", async () => {
  await withTempFolder(async (folder) => {
    await writeFile(join(folder, "kept"), "");
    expect(await start({ folder, code: says("one") })).toBe("one\n");
  });
});
