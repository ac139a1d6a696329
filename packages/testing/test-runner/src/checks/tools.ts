import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, pass, skipped, unknown, warn, type Check, type CheckRun, type Finding } from "@org/script";
import type { DoctorContext } from "../doctor-context.ts";
import { runTool } from "../run-tool.ts";
import { compareVersions, inRange } from "../versions.ts";

interface Tool {
  readonly name: string;
  readonly minimum: string;
  readonly neededBy: readonly string[];
  /** What happens without it; a tool without this is required. */
  readonly optional?: string;
  readonly install: string;
}

const tools: readonly Tool[] = [
  { name: "node", minimum: "22.18", neededBy: ["every script"], install: "Install Node 24 (https://nodejs.org), or put the newer one first on PATH." },
  { name: "npm", minimum: "10", neededBy: ["every script that is started with npx"], install: "Install npm with Node (https://nodejs.org)." },
  { name: "git", minimum: "2.20", neededBy: ["every script"], optional: "reports then name no commit", install: "Install git." },
  { name: "psql", minimum: "13", neededBy: ["nothing, it is for work by hand"], optional: "no script needs it", install: "Install the Postgres client." },
  { name: "pg_dump", minimum: "13", neededBy: ["backups by hand"], optional: "no script needs it", install: "Install the Postgres client of the server's version." },
  {
    name: "docker",
    minimum: "20.10",
    neededBy: ["start-dependencies"],
    optional: "start-dependencies then uses podman, local or embedded servers",
    install: "Install Docker with Compose v2.",
  },
  {
    name: "podman",
    minimum: "4",
    neededBy: ["start-dependencies"],
    optional: "start-dependencies then uses docker, local or embedded servers",
    install: "Install podman.",
  },
];

export const toolChecks: readonly Check<DoctorContext>[] = [
  { id: "node.version", title: "This Node is in the range of engines", run: nodeInRange },
  ...tools.map(
    (tool): Check<DoctorContext> => ({
      id: `tool.${tool.name}`,
      title: `${tool.name} is there and new enough`,
      run: (context, run) => examineTool(tool, context, run),
    }),
  ),
  { id: "tool.container", title: "The container tool that the config asks for is there", run: containerTool },
];

async function nodeInRange({ run }: DoctorContext): Promise<Finding> {
  const version = process.versions.node;
  const range = (await enginesOf(run.root)) ?? ">=22.18";
  return nodeFinding(version, range);
}

export function nodeFinding(version: string, range: string): Finding {
  const fits = inRange(version, range);
  if (fits === undefined) return unknown(`the range ${JSON.stringify(range)} of engines.node cannot be read`, "Write engines.node in package.json as >=22.18.");
  const evidence = `Node ${version}, wanted is ${range}`;
  if (fits) return pass(evidence, { value: version });
  return fail(evidence, "Install Node 24 (https://nodejs.org), or correct engines.node in package.json.", { value: version });
}

async function enginesOf(root: string): Promise<string | undefined> {
  const text = await readFile(join(root, "package.json"), "utf8").catch(ignoreMissing);
  if (text === undefined) return undefined;
  const { engines } = JSON.parse(text) as { readonly engines?: { readonly node?: string } };
  return engines?.node;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  // A folder without package.json asks for no version of its own.
  if (error.code === "ENOENT") return undefined;
  throw error;
}

async function examineTool(tool: Tool, { run, seen }: DoctorContext, { signal }: CheckRun): Promise<Finding> {
  const { name, minimum, neededBy, optional, install } = tool;
  const answer = await runTool(name, ["--version"], { env: run.env, signal });
  const version = /\d+(\.\d+)+/.exec(answer.text)?.[0] ?? null;
  seen.tools.push({ name, version, minimum, neededBy, required: optional === undefined });
  if (answer.missing && optional !== undefined) return skipped(`not on PATH: ${optional}`);
  if (answer.missing) return fail(`${name} is not on PATH; needed by ${neededBy.join(", ")}`, install);
  if (version === null) return brokenTool(tool, answer.text);
  if (compareVersions(version, minimum) >= 0) return pass(`${name} ${version}`, { value: version, threshold: { value: minimum, source: "default" } });
  return warn(
    `${name} ${version} is on PATH; ${minimum} or newer is needed by ${neededBy.join(", ")}`,
    install,
    { value: version, threshold: { value: minimum, source: "default" } },
  );
}

function brokenTool({ name, optional, install }: Tool, text: string): Finding {
  const evidence = `${name} --version gave no version: ${text.trim().slice(0, 200) || "no output"}`;
  return optional === undefined ? fail(evidence, install) : warn(evidence, install);
}

async function containerTool({ run }: DoctorContext, { signal }: CheckRun): Promise<Finding> {
  if (run.config.dependencies?.provider !== "container") return skipped("the config does not ask for containers (dependencies.provider)");
  const found = await Promise.all(["docker", "podman"].map(async (name) => ({ name, ...(await runTool(name, ["info"], { env: run.env, signal })) })));
  const working = found.find(({ failed }) => !failed);
  if (working !== undefined) return pass(`${working.name} answers`);
  return fail(
    `neither docker nor podman answers: ${found.map(({ name, missing }) => `${name} ${missing ? "is not on PATH" : "info fails"}`).join(", ")}`,
    "Start Docker or podman, or set dependencies.provider to local or embedded.",
  );
}
