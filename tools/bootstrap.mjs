// What `npm start`, `npm stop` and `npm test` run: plain JavaScript on nothing but Node 18 or newer, so that they work
// in a fresh clone. It installs and builds what is missing, then hands over to the Node of node_modules.
import { spawn } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bins = join(root, "node_modules", ".bin");
const env = { ...process.env, PATH: bins + delimiter + process.env.PATH };
const isWindows = process.platform === "win32";

const commands = {
  start: () => platform("up", "--install"),
  stop: () => platform("down"),
  test: async () => {
    // Reports of an earlier run would be counted where a package cannot be tested; the cache brings back those that hold.
    rmSync(join(root, ".nx", "tests"), { recursive: true, force: true });
    // Not more at a time: the tests start servers of their own.
    const tests = await run("nx", ["run-many", "-t", "test", "--parallel=3", "--output-style=static-failures-only"]);
    const summary = await run("node", ["tools/repo-checks/src/bin/test-summary.ts"]);
    return tests || summary;
  },
};

const command = commands[process.argv[2]];
if (command === undefined) {
  process.stderr.write(`bootstrap.mjs ${Object.keys(commands).join(" | ")}\n`);
  process.exitCode = 3;
} else {
  process.exitCode = (await install()) || (await checkNode()) || (await command());
}

async function platform(...args) {
  return (await build()) || run("node", ["--", "packages/control/platform/bin/platform.js", ...args, ...process.argv.slice(3)]);
}

async function install() {
  if (isInstalled()) return 0;
  story("Installing the packages of package-lock.json.");
  const npm = process.env.npm_execpath;
  // The Node that starts this may be older than what the packages want: they run on the one that is installed with them,
  // and npm's warning for each of them would bury everything else.
  const args = ["ci", "--loglevel=error"];
  return npm === undefined ? run("npm", args, "stderr") : run(process.execPath, [npm, ...args], "stderr");
}

// npm writes its own copy of the lock as the last step, so an installation that was interrupted has none.
function isInstalled() {
  const installed = join(root, "node_modules", ".package-lock.json");
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

async function checkNode() {
  const { code } = await start("node", ["-e", "const [a, b] = process.versions.node.split('.'); process.exit(a > 22 || (a == 22 && b >= 18) ? 0 : 2)"], "ignore");
  if (code !== 0) story("Node 22.18 or newer is needed, and there is no package of it for this system: install it.");
  return code;
}

async function build() {
  const { code, output } = await start("nx", ["run-many", "-t", "build"], "pipe");
  if (code !== 0) process.stderr.write(output);
  return code;
}

async function run(file, args, output = "inherit") {
  return (await start(file, args, output)).code;
}

/** Runs a program to its end, passing signals on. `output` says where its stdout goes. */
function start(file, args, output) {
  const stdout = output === "stderr" ? 2 : output;
  const stderr = output === "pipe" || output === "ignore" ? output : "inherit";
  const child = spawn(file, args, { cwd: root, env, stdio: ["inherit", stdout, stderr], shell: isWindows && file !== process.execPath });
  const chunks = [];
  child.stdout?.on("data", (chunk) => chunks.push(chunk));
  child.stderr?.on("data", (chunk) => chunks.push(chunk));
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      stopForwarding();
      resolve({ code: code ?? 128 + constants.signals[signal], output: Buffer.concat(chunks) });
    });
  });
}

// A terminal sends Ctrl-C to the child itself; forwarding it too would be a second Ctrl-C.
function forwardSignals(child) {
  const handlers = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
    const handler = () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    process.on(signal, handler);
    return [signal, handler];
  });
  return () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
}

function story(sentence) {
  process.stderr.write(`${sentence}\n`);
}
