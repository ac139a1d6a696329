import { execFileSync } from "node:child_process";

/** Links new or renamed workspaces into node_modules and brings the lock file up to date. */
export function installPackages(root: string): void {
  execFileSync("npm", ["install"], { cwd: root, stdio: "inherit" });
}
