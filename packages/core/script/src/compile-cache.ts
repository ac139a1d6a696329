/** Where compiled code is kept. */
export interface CompileCachePlace {
  /** The system's folder for temporary files, which others may write too. */
  readonly temporary: string;
  /** This user; undefined where there are no user ids, and the folder is the user's own. */
  readonly uid: number | undefined;
}

/**
 * Lets Node keep the code that it compiles from here on for the next run, in a folder that nobody but this user may write: what it holds is
 * executed. Without such a folder nothing is kept; never throws. NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 turns it off.
 */
export function keepCompiledCode(place: CompileCachePlace): void {
  const folder = ownFolder(place);
  if (folder !== undefined) process.getBuiltinModule("node:module").enableCompileCache(folder);
}

// Taken without an import: this runs before anything else, and importing node:fs as a module loads its streams as well.
function ownFolder({ temporary, uid }: CompileCachePlace): string | undefined {
  const { lstatSync, mkdirSync } = process.getBuiltinModule("node:fs");
  const folder = `${temporary}/platform-scripts-${uid ?? "compiled"}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    const isOwn = uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0);
    return found.isDirectory() && isOwn ? folder : undefined;
  } catch {
    // A folder that cannot be had makes the start slower and nothing else.
    return undefined;
  }
}
