import { parentPort, workerData } from "node:worker_threads";
import type { LoadPlan } from "./engine/load-plan.ts";
import { portOf, runWorker } from "./engine/run-worker.ts";

// The entry of a worker thread, and nothing to import.
if (parentPort !== null) {
  await runWorker(workerData as LoadPlan, portOf(parentPort));
  parentPort.close();
}
