import { readFile } from "node:fs/promises";
import { ScriptError } from "@org/exit-codes";
import { parseReading } from "@org/postgres/schema";
import type { Expected } from "./source.ts";

/** A snapshot that the action snapshot wrote. Throws a ScriptError (configuration) when there is none, or one that this release cannot read. */
export async function readSnapshotFile(file: string): Promise<Expected> {
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "it does not exist" : cause.message;
    throw new ScriptError("configuration", `the snapshot ${file} cannot be read: ${reason}`, { hint: "Write it with `validate-schema-consistency snapshot --snapshot FILE`, or correct the path.", cause });
  });
  return { reading: parseReading(text, `the snapshot ${file}`), standIns: () => ({}), comparable: (read) => read };
}
