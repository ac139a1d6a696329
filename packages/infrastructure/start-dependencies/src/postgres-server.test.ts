import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { initialiseDataDir } from "./postgres-server.ts";

/** What is said when the initdb of a folder of its own prints this and fails, and what is left in the folder of the data. */
async function failWith(output: string): Promise<{ readonly error: unknown; readonly left: readonly string[]; readonly folder: string }> {
  const binDir = await mkdtemp(join(tmpdir(), "initdb-"));
  const folder = await mkdtemp(join(tmpdir(), "data-"));
  try {
    await writeFile(join(binDir, "initdb"), `#!/bin/sh\necho '${output}' >&2\nexit 1\n`);
    await chmod(join(binDir, "initdb"), 0o755);
    const binaries = { origin: "local", binDir, version: "15.1", major: 15 } as const;
    const error: unknown = await initialiseDataDir({ binaries, dataDir: join(folder, "data"), password: "secret" }).catch((reason: unknown) => reason);
    return { error, left: await readdir(folder), folder };
  } finally {
    await Promise.all([binDir, folder].map((made) => rm(made, { recursive: true })));
  }
}

test("a full disk is told with the folder in which space is needed, and nothing is left", async () => {
  const { error, left, folder } = await failWith('could not write to file "base/4/3600_fsm": No space left on device');
  expect(error).toMatchObject({ code: "dependency", message: expect.stringContaining("No space left on device") as string, hint: expect.stringContaining(`space on the disk of ${folder}`) as string });
  expect(left).toEqual([]);
});

test("any other failure is told in the words of initdb", async () => {
  const { error } = await failWith("locale not supported");
  expect(error).toMatchObject({ message: "initdb of Postgres 15.1 failed: locale not supported", hint: expect.stringContaining("Mend what initdb names") as string });
});
