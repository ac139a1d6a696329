import { globSync } from "node:fs";
import { chmod, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { freePort, runProcess, startPrivatePostgres, startProcess, withTempFolder } from "@org/testkit";

const tool = resolve(import.meta.dirname, "../../../../../tools/ci-packages.sh");

/** Runs the work with the URL of a PgBouncer in front of a server of its own, and with the URL of the server. */
export async function withPooler(mode: "session" | "transaction", work: (urls: { readonly pooled: string; readonly direct: string }) => Promise<void>): Promise<void> {
  const { command, libraryPath } = await pgBouncer();
  const server = await startPrivatePostgres();
  try {
    await withTempFolder(async (home) => {
      const port = await freePort();
      const direct = new URL(server.url);
      const lines = ["[databases]", `* = host=127.0.0.1 port=${server.port} user=postgres password=${server.password}`, "[pgbouncer]", `listen_port = ${port}`];
      const settings = ["listen_addr = 127.0.0.1", "auth_type = any", `pool_mode = ${mode}`, "default_pool_size = 5", "unix_socket_dir ="];
      await writeFile(join(home, "pgbouncer.ini"), `${[...lines, ...settings].join("\n")}\n`);
      await chmod(home, 0o755);
      const { uid, gid } = await stat(server.dataDir);
      const pooler = startProcess(command, [join(home, "pgbouncer.ini")], { uid, gid, cwd: "/", env: { LD_LIBRARY_PATH: libraryPath }, timeout: 120_000 });
      try {
        await pooler.output(/process up/u);
        const pooled = new URL(direct);
        pooled.port = String(port);
        await work({ pooled: pooled.href, direct: direct.href });
      } finally {
        pooler.kill("SIGKILL");
        await pooler.done;
      }
    });
  } finally {
    await server.stop();
  }
}

interface Program {
  readonly command: string;
  readonly libraryPath: string;
}

/** The system's, else Debian's package, which brings its libraries. */
async function pgBouncer(): Promise<Program> {
  const { exitCode, stdout, stderr } = await runProcess("bash", [tool, "pgbouncer"], { timeout: 300_000 });
  if (exitCode !== 0) throw new Error(`no PgBouncer: ${stderr}`);
  const command = stdout.trim();
  return { command, libraryPath: globSync(join(dirname(command), "../lib/*-linux-gnu/")).join(":") };
}
