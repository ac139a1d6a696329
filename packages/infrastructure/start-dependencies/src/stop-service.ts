import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { possibleHomes } from "./home.ts";
import { findOwnServer, type OwnServer } from "./own-server.ts";
import { readPasswords } from "./passwords.ts";
import { purgeContainer, stopContainer } from "./providers/container.ts";
import { stopProcess } from "./server-process.ts";
import type { DependenciesRequest, Service } from "./service.ts";
import { readState, writeRecord } from "./state-file.ts";

export interface StoppedServer {
  /** What was stopped; undefined when nothing of ours ran. */
  readonly stopped: OwnServer | undefined;
  readonly purged: boolean;
}

/** Stops what an earlier run started, and nothing else; its data stays unless `purge`. The caller holds the lock. */
export async function stopService(service: Service, request: DependenciesRequest, purge: boolean): Promise<StoppedServer> {
  const record = (await readState(request.stateDir))[service.name];
  const own = await findOwnServer({ service, request, record, passwords: await readPasswords(request.stateDir) });
  if (own?.engine !== undefined) await stopContainer(own.engine, service.name, request);
  else if (own?.process !== undefined) await stopOwn(service, own.process, request);
  if (purge) await removeData(service, request, record?.engine);
  if (record !== undefined) {
    const { process: _, ...rest } = record;
    await writeRecord(request.stateDir, service.name, { ...rest, phase: purge ? "purged" : "stopped" });
  }
  return { stopped: own, purged: purge };
}

async function stopOwn(service: Service, process: NonNullable<OwnServer["process"]>, { logger }: DependenciesRequest): Promise<void> {
  logger.info(`Stopping ${service.title} (process ${process.pid})`);
  if (await stopProcess(process, service.stopSteps)) return;
  throw new ScriptError("general", `${service.title} (process ${process.pid}) does not stop`, { hint: "Look into its log; its data is untouched." });
}

/** Only folders that this package makes itself; a path in the state file is never removed. */
async function removeData(service: Service, request: DependenciesRequest, engine: string | undefined): Promise<void> {
  if (engine !== undefined) await purgeContainer(engine, service.name, request);
  const [beside, elsewhere] = possibleHomes(request.stateDir);
  for (const home of [beside, elsewhere]) await rm(join(home, service.name), { recursive: true, force: true, maxRetries: 5 });
  const stillThere = existsSync(elsewhere) ? await readdir(elsewhere) : [];
  // What is left there are copies of programs, which the next start makes again.
  if (!stillThere.includes("postgres") && !stillThere.includes("cache")) await rm(elsewhere, { recursive: true, force: true, maxRetries: 5 });
  await rm(join(request.stateDir, "dependencies", `${service.name}.log`), { force: true });
}
