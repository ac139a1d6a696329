import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runProcess } from "@org/testkit";
import { expect, test } from "vitest";

test("the end of the process waits for all that was written, and for nothing else", async () => {
  const source = pathToFileURL(join(import.meta.dirname, "host.ts")).href;
  const program = `const { processHost } = await import(${JSON.stringify(source)});
    const { stdout, stderr, end } = processHost();
    setInterval(() => {}, 1_000);
    (await import("node:net")).createServer().listen(0, "127.0.0.1");
    void stdout.write("o".repeat(3_000_000));
    void stderr.write("e".repeat(3_000_000));
    await end(7);`;
  const { exitCode, stdout, stderr } = await runProcess(process.execPath, ["--input-type=module", "-e", program], { env: {}, timeout: 30_000 });
  expect([exitCode, stdout.length, stderr.length]).toEqual([7, 3_000_000, 3_000_000]);
});
