/** Where compiled code is kept. */
export interface CompileCachePlace {
  /** Made when it is not there; beside the code itself, so that who may write here could change that as well. */
  readonly folder: string;
  /** This user; undefined where there are no user ids. */
  readonly uid: number | undefined;
}

/**
 * Lets Node keep the code that it compiles from here on for the next run, in a folder that nobody but this user may write: what it holds is
 * executed. Without such a folder nothing is kept; never throws. NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 turns it off.
 */
export function keepCompiledCode(place: CompileCachePlace): void {
  if (isOwnFolder(place)) process.getBuiltinModule("node:module").enableCompileCache(place.folder);
}

// Taken without an import: this runs before anything else, and importing node:fs as a module loads its streams as well.
function isOwnFolder({ folder, uid }: CompileCachePlace): boolean {
  const { lstatSync, mkdirSync } = process.getBuiltinModule("node:fs");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    return found.isDirectory() && (uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0));
  } catch {
    // A folder that cannot be had makes the start slower and nothing else.
    return false;
  }
}
