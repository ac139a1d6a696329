import { access, constants, lstat, stat, statfs } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { atLeast, fail, limitOf, pass, warn, type Check, type Finding } from "@org/script";
import type { DoctorContext } from "../doctor-context.ts";
import type { FolderStatus } from "../environment-status.ts";

type Role = FolderStatus["role"];

export const folderChecks: readonly Check<DoctorContext>[] = (["state", "reports"] as const).flatMap((role): Check<DoctorContext>[] => [
  { id: `folder.${role}`, title: `The folder of the ${role} can be written by this user`, run: (context) => writable(role, context) },
  { id: `disk.${role}`, title: `There is room for the ${role}`, run: (context) => roomLeft(role, context) },
]);

const variables = { state: "STATE_DIR", reports: "REPORT_DIR" } as const;

function folderOf(role: Role, { run }: DoctorContext): string {
  return role === "state" ? run.stateDir : run.reportDir;
}

async function writable(role: Role, context: DoctorContext): Promise<Finding> {
  const folder = folderOf(role, context);
  const present = await nearestPresent(folder);
  const [{ uid, isFolder }, us] = [await ownerOf(present), userInfo()];
  if (!isFolder) return fail(`${present} is no folder`, `Remove it, or set ${variables[role]} to another folder.`);
  if (!(await mayWrite(present))) {
    return fail(
      `${us.username} may not write into ${present}`,
      `Give the folder to this user (chown), or set ${variables[role]} to another one.`,
    );
  }
  if (role === "state" && present === folder && uid !== us.uid) {
    return fail(
      `${folder} belongs to another user (uid ${uid})`,
      `Give the folder to this user (chown), or set STATE_DIR to another one.`,
    );
  }
  const foreign = await foreignReports(folder, us.uid);
  if (foreign.length > 0) {
    const [belong, them] = foreign.length === 1 ? ["belongs to another user or is a link, and is", "it"] : ["belong to another user or are links, and are", "them"];
    // No script fails for want of its latest report, and every report is in the state folder too.
    return warn(
      `${foreign.join(", ")} in ${folder} ${belong} never written over: the latest report goes to the state folder only`,
      `Remove ${them}, or set ${variables[role]} to a folder of your own.`,
    );
  }
  return pass(present === folder ? `${folder} can be written` : `${folder} does not exist yet and can be made in ${present}`);
}

/** The folder itself, or the nearest one above it that exists. */
async function nearestPresent(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && dirname(folder) !== folder) return nearestPresent(dirname(folder));
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return nearestPresent(dirname(folder));
    throw error;
  }
}

async function ownerOf(path: string): Promise<{ readonly uid: number; readonly isFolder: boolean }> {
  const found = await stat(path);
  return { uid: found.uid, isFolder: found.isDirectory() };
}

async function mayWrite(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

const reportFiles = ["migration_status.json", "verification_report.json", "benchmark_results.json", "security_audit.json"];

async function foreignReports(folder: string, uid: number): Promise<string[]> {
  const found = await Promise.all(
    reportFiles.map(async (name) => {
      try {
        const file = await lstat(join(folder, name));
        return file.isFile() && file.uid === uid ? [] : [name];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

const megabyte = 1024 ** 2;

async function roomLeft(role: Role, context: DoctorContext): Promise<Finding> {
  const folder = folderOf(role, context);
  const { bavail, bsize } = await statfs(await nearestPresent(folder));
  const freeMegabytes = Math.floor((bavail * bsize) / megabyte);
  context.seen.folders.push({ role, path: folder, freeMegabytes });
  return atLeast({
    value: freeMegabytes,
    unit: "MB",
    limit: limitOf(context.run.config, `disk.${role}`, 500),
    evidence: `${freeMegabytes} MB are free where ${folder} is`,
    remedy: `Make room on that disk, or set ${variables[role]} to another one.`,
  });
}
