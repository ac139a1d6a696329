import { stat } from "node:fs/promises";
import { atMost, limitOf, pass, skipped, warn, type Check, type CheckRun, type Finding } from "@org/script";
import type { DoctorContext } from "../doctor-context.ts";
import { runTool } from "../run-tool.ts";

export const clockChecks: readonly Check<DoctorContext>[] = [
  { id: "clock.database", title: "The database's clock agrees with this one", run: agreesWithDatabase },
  { id: "clock.synchronised", title: "The clock is synchronised", run: synchronised },
  { id: "clock.files", title: "No file is newer than now", run: noFutureFiles },
];

function agreesWithDatabase({ run: { config }, seen }: DoctorContext): Finding {
  const offset = seen.clockOffsetMs;
  if (offset === undefined) return skipped("no database answers yet");
  return offsetFinding(offset, limitOf(config, "clock.database", 2_000));
}

export function offsetFinding(offsetMs: number, limit: { readonly value: number; readonly source: string }): Finding {
  return atMost({
    value: Math.abs(offsetMs),
    unit: "ms",
    limit,
    evidence: `the database's clock is ${Math.abs(Math.round(offsetMs))} ms ${offsetMs < 0 ? "behind" : "ahead"}`,
    remedy: "Synchronise both clocks (timedatectl set-ntp true, chrony).",
  });
}

async function synchronised({ run: { env } }: DoctorContext, { signal }: CheckRun): Promise<Finding> {
  return synchronisedFinding(await runTool("timedatectl", ["show", "--property=NTPSynchronized", "--value"], { env, signal }));
}

export function synchronisedFinding({ failed, text }: { readonly failed: boolean; readonly text: string }): Finding {
  const answer = text.trim();
  if (failed || (answer !== "yes" && answer !== "no")) return skipped("this host does not tell (no timedatectl that answers)");
  if (answer === "yes") return pass("the clock is kept by NTP");
  return warn("the clock is kept by nobody", "Switch it on: timedatectl set-ntp true.");
}

/** A clock that was set back, or a dead battery, shows in files that seem to come from the future. */
async function noFutureFiles({ run: { root, configFile } }: DoctorContext): Promise<Finding> {
  const files = [root, ...(configFile === undefined ? [] : [configFile])];
  const times = await Promise.all(files.map(async (file) => ({ file, ahead: (await stat(file)).mtimeMs - Date.now() })));
  const newest = times.toSorted((a, b) => b.ahead - a.ahead)[0]!;
  if (newest.ahead < 60_000) return pass("the file system and the clock agree");
  return warn(`${newest.file} was changed ${Math.round(newest.ahead / 60_000)} minutes from now`, "Set the clock of this host, or of the one that wrote the file.");
}
