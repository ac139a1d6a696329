import { runProcess } from "@org/testkit";
import { resolveBinary } from "dbmate";

/** What dbmate is given to apply a folder, on a server without TLS. */
export function dbmateArguments({ url, folder }: { readonly url: string; readonly folder: string }): readonly string[] {
  return ["--url", `${url}?sslmode=disable`, "--no-dump-schema", "-d", folder, "migrate"];
}

/** Applies a folder with dbmate. */
export async function applyWithDbmate(url: string, folder: string): Promise<void> {
  const { exitCode, stdout, stderr } = await runProcess(resolveBinary(), dbmateArguments({ url, folder }));
  if (exitCode !== 0) throw new Error(`dbmate: ${stdout}${stderr}`);
}
