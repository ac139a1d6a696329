import { existsSync, globSync } from "node:fs";
import { chmod, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { freePort, runProcess, startPrivatePostgres, startProcess, withTempFolder } from "@org/testkit";

const folder = resolve(import.meta.dirname, "../../../../../node_modules/.cache/ci-packages/pgbouncer");

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

/** The system's, else Debian's package, unpacked beside the other tools of the tests. */
async function pgBouncer(): Promise<Program> {
  const installed = "/usr/sbin/pgbouncer";
  if (existsSync(installed)) return { command: installed, libraryPath: "" };
  const command = join(folder, "usr/sbin/pgbouncer");
  if (!existsSync(command)) await unpack();
  return { command, libraryPath: globSync(join(folder, "usr/lib/*/")).join(":") };
}

async function unpack(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const script = "apt-get download pgbouncer libc-ares2 libevent-2.1-7 && for deb in ./*.deb; do dpkg-deb -x $deb . || exit 1; done && rm ./*.deb";
  const { exitCode, stderr } = await runProcess("/bin/sh", ["-c", script], { cwd: folder });
  if (exitCode !== 0) throw new Error(`no PgBouncer: ${stderr}`);
}
