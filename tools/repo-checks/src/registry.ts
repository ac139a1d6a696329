import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * A registry of one's own on 127.0.0.1 and a free port: it holds what is published to it, and asks the registry that npm
 * is configured with for everything else. It ends with the callback.
 */
export async function withRegistry(root: string, folder: string, use: (url: string) => Promise<void>): Promise<void> {
  const port = await freePort();
  const config = join(folder, "verdaccio.json");
  writeFileSync(config, JSON.stringify(verdaccioConfig(folder, await upstream())));
  const verdaccio = join(root, "node_modules/verdaccio/bin/verdaccio");
  const child = spawn(process.execPath, [verdaccio, "--config", config, "--listen", `127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "pipe"] });
  const url = `http://127.0.0.1:${port}/`;
  try {
    await answers(`${url}-/ping`, child);
    await use(url);
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

function verdaccioConfig(folder: string, upstreamUrl: string): object {
  return {
    storage: join(folder, "storage"),
    uplinks: { upstream: { url: upstreamUrl, timeout: "60s", max_fails: 100, fail_timeout: "1s" } },
    packages: {
      "@org/*": { access: "$all", publish: "$all" },
      "**": { access: "$all", proxy: "upstream" },
    },
    log: { type: "stdout", level: "error" },
  };
}

async function upstream(): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", ["config", "get", "registry"]);
  return stdout.trim();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no port.");
  return address.port;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const output: string[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const deadline = Date.now() + 30_000;
  while (!(await isUp(url))) {
    if (child.exitCode !== null) throw new Error(`The registry ended: ${output.join("")}`);
    if (Date.now() > deadline) throw new Error(`The registry did not answer within 30 s: ${output.join("")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nobody listens yet: the caller asks again until its deadline.
    return false;
  }
}
