import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ScriptError } from "@org/exit-codes";
import { projectHash } from "../home.ts";
import type { Candidate, Declined, DependenciesRequest, Launch, ServiceName } from "../service.ts";

const containerEngines = ["docker", "podman"] as const;

/** Containers of the compose file that this package carries, when an engine runs and can read compose files. */
export async function containerProvider(service: ServiceName, request: DependenciesRequest): Promise<Candidate | Declined> {
  const reasons: string[] = [];
  for (const engine of containerEngines) {
    const reason = await whyNot(engine, request);
    if (reason === undefined) return { provider: "container", engine, description: `a container of ${engine}`, launch: (launch) => launchContainer(engine, service, launch) };
    reasons.push(reason);
  }
  return { declined: reasons.join("; ") };
}

async function whyNot(engine: string, request: DependenciesRequest): Promise<string | undefined> {
  const version = await run(engine, engine === "docker" ? ["version", "--format", "{{.Server.Version}}"] : ["info", "--format", "{{.Version.Version}}"], request);
  if (version.code === "ENOENT") return `${engine} is not installed`;
  if (version.failed) return `${engine} is installed, but its engine does not answer (${firstLine(version.stderr)})`;
  const compose = await run(engine, ["compose", "version"], request);
  return compose.failed ? `${engine} runs, but has no compose plugin (${firstLine(compose.stderr)})` : undefined;
}

async function launchContainer(engine: string, service: ServiceName, launch: Launch): Promise<undefined> {
  const { request } = launch;
  const variables = composeVariables(service, launch);
  const result = await run(engine, compose(request, ["up", "--detach", "--wait", service]), { ...request, env: { ...request.env, ...variables } });
  request.signal.throwIfAborted();
  if (result.failed) throw new ScriptError("dependency", `${engine} compose up failed: ${lastLine(result.stderr)}`, { hint: `Read its story with ${engine} logs, or force another provider with --provider.`, cause: result });
  return undefined;
}

/** Every variable of the file must be set, also those of a service that is not meant. */
const placeholders = { POSTGRES_PASSWORD: "-", POSTGRES_PORT: "0", CACHE_PASSWORD: "-", CACHE_PORT: "0" };

function composeVariables(service: ServiceName, { port, password, request }: Launch): Record<string, string> {
  const prefix = service === "postgres" ? "POSTGRES" : "CACHE";
  return { ...placeholders, POSTGRES_PRELOAD_LIBRARIES: request.preloadLibraries.join(","), [`${prefix}_PASSWORD`]: password, [`${prefix}_PORT`]: String(port) };
}

/** Stops the container and keeps its volume. */
export async function stopContainer(engine: string, service: ServiceName, request: DependenciesRequest): Promise<void> {
  await mustRun(engine, ["stop", service], request);
}

/** Removes the container with its volume. */
export async function purgeContainer(engine: string, service: ServiceName, request: DependenciesRequest): Promise<void> {
  await mustRun(engine, ["rm", "--stop", "--force", service], request);
  const volume = await run(engine, ["volume", "rm", "--force", `${projectName(request)}_${service}-data`], request);
  if (volume.failed) throw new ScriptError("general", `${engine} could not remove the volume: ${lastLine(volume.stderr)}`);
}

/** The last lines that a container wrote. */
export async function containerLog(engine: string, service: ServiceName, { request, lines }: { readonly request: DependenciesRequest; readonly lines: number }): Promise<string[]> {
  const { stdout } = await mustRun(engine, ["logs", "--no-log-prefix", "--no-color", "--tail", String(lines), service], request);
  return stdout.split("\n");
}

interface Answer {
  readonly failed: boolean;
  readonly code: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function mustRun(engine: string, args: readonly string[], request: DependenciesRequest): Promise<Answer> {
  const result = await run(engine, compose(request, args), { ...request, env: { ...request.env, ...placeholders } });
  request.signal.throwIfAborted();
  if (result.failed) throw new ScriptError("dependency", `${engine} compose ${args[0]} failed: ${lastLine(result.stderr)}`, { hint: `Check that ${engine} runs.`, cause: result });
  return result;
}

function compose(request: DependenciesRequest, args: readonly string[]): string[] {
  return ["compose", "--project-name", projectName(request), "--file", composeFile(), ...args];
}

function projectName({ stateDir }: DependenciesRequest): string {
  return `platform-${projectHash(stateDir)}`;
}

/** The package's own compose file, found from the source as well as from the build. */
export function composeFile(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "compose", "compose.yaml");
    if (existsSync(file)) return file;
  }
  throw new Error("the package has lost its compose file");
}

async function run(command: string, args: readonly string[], { env, signal }: Pick<DependenciesRequest, "env" | "signal">): Promise<Answer> {
  const { execa } = await import("execa");
  const result = await execa(command, args, { reject: false, extendEnv: false, env, stdin: "ignore", cancelSignal: signal });
  return { failed: result.failed, code: result.code, stdout: result.stdout, stderr: result.stderr || (result.shortMessage ?? "") };
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
