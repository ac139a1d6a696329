import { pathToFileURL } from "node:url";

/** Imports a file. It stands alone: Node's loader has to run it, also where all else is bundled into one file that another loader runs. */
export function importFile(file: string): Promise<unknown> {
  return import(pathToFileURL(file).href);
}
