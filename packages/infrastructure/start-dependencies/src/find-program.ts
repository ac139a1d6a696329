import { access, constants } from "node:fs/promises";
import { join } from "node:path";

/** The first executable of that name in the folders of a search path; relative folders do not count. */
export async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(":").filter((folder) => folder.startsWith("/"))) {
    const program = join(folder, name);
    if (await isExecutable(program)) return program;
  }
  return undefined;
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
