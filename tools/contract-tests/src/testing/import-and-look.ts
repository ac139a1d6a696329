// Imports the module that its first argument names, as a host program would, and tells as JSON what that did to the process.
import fs, { writeSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";

const [url] = process.argv.slice(2) as [string];
const touched: string[] = [];
const require = createRequire(import.meta.url);

/** Lets a function of a module of Node tell of its calls before it does its work. */
function watch(module: object, name: string, label: string): void {
  const functions = module as Record<string, (...args: unknown[]) => unknown>;
  const original = functions[name]!;
  functions[name] = function watched(this: unknown, ...args: unknown[]): unknown {
    if (!isModuleFile(args[0])) touched.push(`${label} ${String(args[0])}`);
    return original.apply(this, args);
  };
}

/** Node loads modules through the same functions. */
function isModuleFile(path: unknown): boolean {
  return /\.(?:m?js|cjs|json|node)$/u.test(String(path));
}

const files = ["open", "openSync", "readFile", "readFileSync", "writeFile", "writeFileSync", "readdir", "readdirSync", "mkdir", "mkdirSync", "createReadStream", "createWriteStream", "watch"];
for (const name of files) watch(fs, name, `fs.${name}`);
for (const name of ["open", "readFile", "writeFile", "readdir", "mkdir"]) watch(fs.promises, name, `fs.promises.${name}`);
watch(Socket.prototype, "connect", "connect");
watch(require("node:dns") as object, "lookup", "dns.lookup");
watch(require("node:child_process") as object, "spawn", "spawn");
watch(process, "exit", "process.exit");
syncBuiltinESMExports();

const look = (): object => ({
  title: process.title,
  listeners: process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`),
  resources: process.getActiveResourcesInfo(),
  exitCode: process.exitCode,
  globals: Object.getOwnPropertyNames(globalThis).length,
});

const before = look();
await import(url);
const after = look();
writeSync(1, JSON.stringify({ before, after, touched }));
