import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runProcess, startProcess, withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { withLock } from "./lock.ts";

const program = (folder: string, body: string): readonly string[] => [
  "--conditions=@org/source",
  "--input-type=module",
  "--eval",
  `import { withLock } from ${JSON.stringify(join(import.meta.dirname, "lock.ts"))};
   import { readFileSync, writeFileSync } from "node:fs";
   const folder = ${JSON.stringify(folder)};
   ${body}`,
];

test("processes take turns: no increment is lost", async () => {
  await withTempFolder(async (folder) => {
    await writeFile(join(folder, "count"), "0");
    const body = `for (let i = 0; i < 25; i++) await withLock(folder + "/lock", async () => {
      const count = Number(readFileSync(folder + "/count", "utf8"));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(folder + "/count", String(count + 1));
    });`;
    const results = await Promise.all(Array.from({ length: 4 }, () => runProcess(process.execPath, program(folder, body))));
    expect(results.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(results.map(() => ({ exitCode: 0, stderr: "" })));
    expect(await readFile(join(folder, "count"), "utf8")).toBe("100");
  });
});

test("a lock whose owner was killed is free, and only one of many waiters gets it", async () => {
  await withTempFolder(async (folder) => {
    const owner = startProcess(process.execPath, program(folder, `await withLock(folder, async () => { console.log("held"); await new Promise(() => setInterval(() => {}, 1000)); });`));
    await owner.output(/held/);
    const waited: number[] = [];
    let inside = 0;
    const waiters = Array.from({ length: 8 }, () =>
      withLock(folder, async () => {
        expect(++inside).toBe(1);
        await sleep(5);
        inside--;
      }, { onWait: ({ pid }) => waited.push(pid) }),
    );
    await expect.poll(() => waited).toHaveLength(8);
    owner.kill("SIGKILL");
    await Promise.all(waiters);
    expect(waited).toContain(owner.pid);
  });
});

test("the lock is released when the action fails, and waiting ends with the signal", async () => {
  await withTempFolder(async (folder) => {
    await expect(withLock(folder, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await withLock(folder, async () => {
      await expect(withLock(folder, () => Promise.resolve(), { signal: AbortSignal.timeout(100) })).rejects.toThrow("aborted");
    });
  });
});
