import { globSync } from "node:fs";
import { join } from "node:path";
import { createProjectGraphAsync, type ProjectGraph, type TargetConfiguration } from "@nx/devkit";
import { beforeAll, describe, expect, test } from "vitest";
import { nx } from "./fixture-workspace.ts";

interface Row {
  readonly target: string;
  readonly after: readonly string[];
}

/** The dependency matrix: script, target, the scripts that must have run before. */
const present: Readonly<Record<string, Row>> = {
  "test-runner": { target: "doctor", after: [] },
  "start-dependencies": { target: "start", after: [] },
  "init-database": { target: "setup", after: [] },
  "run-migrations": { target: "setup", after: ["init-database"] },
  "rollback-migrations": { target: "rollback", after: ["run-migrations"] },
  "deploy-extensions": { target: "setup", after: ["run-migrations"] },
  "verify-connection": { target: "verify", after: ["init-database"] },
  "verify-dragonfly": { target: "verify", after: [] },
  "verify-extensions": { target: "verify", after: ["deploy-extensions"] },
  "validate-schema-consistency": { target: "verify", after: ["init-database", "run-migrations", "deploy-extensions"] },
};
const verification = ["verify-connection", "verify-dragonfly", "verify-extensions", "validate-schema-consistency"];
/** Rows of the matrix whose scripts may not be here yet. */
const planned: Readonly<Record<string, Row>> = {
  "run-tests-with-coverage": { target: "coverage", after: verification },
  "dragonfly-perf": { target: "bench", after: ["verify-dragonfly"] },
  "security-validation": { target: "audit", after: ["init-database", "run-migrations", "deploy-extensions"] },
};
const root = join(import.meta.dirname, "../../..");
const here = Object.entries(planned).filter(([name]) => globSync(`packages/*/${name}/script.json`, { cwd: root }).length > 0);
const matrix: Readonly<Record<string, Row>> = { ...present, ...Object.fromEntries(here) };
const scripts = Object.keys(matrix);
const cached = ["build", "test", "packaging"];

let graph: ProjectGraph;
beforeAll(async () => {
  graph = await createProjectGraphAsync({ exitOnError: false });
});

function targetsOf(script: string): Record<string, TargetConfiguration> {
  return graph.nodes[`@org/${script}`]?.data.targets ?? {};
}

describe("the project graph", () => {
  test("holds exactly the edges of the matrix among the scripts", () => {
    const expected = scripts.flatMap((script) => (matrix[script]?.after ?? []).map((name) => `${script} -> ${name}`));
    const actual = scripts.flatMap((script) =>
      (graph.dependencies[`@org/${script}`] ?? []).map((edge) => edge.target.slice("@org/".length)).filter((name) => scripts.includes(name)).map((name) => `${script} -> ${name}`),
    );
    expect(actual.toSorted()).toEqual(expected.toSorted());
  });

  test("knows every script that a manifest declares", () => {
    const withLiveTarget = Object.values(graph.nodes).filter(({ data }) => data.tags?.some((tag) => tag.startsWith("permission:")));
    // `platform` runs the others: it is a way into the matrix, not a row of it.
    expect(withLiveTarget.map(({ name }) => name).toSorted()).toEqual([...scripts, "platform"].map((name) => `@org/${name}`).toSorted());
  });

  test.each(scripts)("%s has its target, which touches live services and is never cached", (script) => {
    const live = Object.entries(targetsOf(script)).filter(([name]) => !cached.includes(name));
    expect(live.map(([name]) => name)).toContain(matrix[script]?.target);
    for (const [name, target] of live) expect(target, name).toMatchObject({ cache: false, outputs: [] });
  });

  test.each(scripts)("%s has a cached build and test", (script) => {
    expect(targetsOf(script)["build"]).toMatchObject({ cache: true, outputs: ["{projectRoot}/dist"] });
    expect(targetsOf(script)["test"]).toMatchObject({ cache: true });
  });

  test("lets no writer run beside another task", () => {
    for (const script of scripts) {
      const writes = graph.nodes[`@org/${script}`]?.data.tags?.includes("permission:read") === false;
      expect(targetsOf(script)[matrix[script]?.target ?? ""]?.parallelism, script).toBe(!writes);
    }
  });
});

interface TaskGraph {
  readonly tasks: Readonly<Record<string, object>>;
  readonly dependencies: Readonly<Record<string, readonly string[]>>;
}

/** The live tasks that `nx run-many -t <target>` runs, each with the live tasks that it comes after. */
async function liveTasks(target: string): Promise<Record<string, string[]>> {
  const { stdout } = await nx(root, ["run-many", "-t", target, "--graph=stdout"]);
  const { dependencies } = (JSON.parse(stdout) as { tasks: TaskGraph }).tasks;
  const isLive = (task: string): boolean => !task.endsWith(":build");
  const short = (task: string): string => task.slice("@org/".length);
  return Object.fromEntries(
    Object.entries(dependencies)
      .filter(([task]) => isLive(task))
      .map(([task, after]) => [short(task), after.filter(isLive).map(short).toSorted()]),
  );
}

describe("the task graph", () => {
  test("of setup is init, migrations, extensions, in this order", async () => {
    expect(await liveTasks("setup")).toEqual({
      "init-database:setup": [],
      "run-migrations:setup": ["init-database:setup"],
      "deploy-extensions:setup": ["run-migrations:setup"],
    });
  });

  test("of verify is the three side by side, then the schema, and no setup", async () => {
    const three = ["verify-connection", "verify-dragonfly", "verify-extensions"];
    expect(await liveTasks("verify")).toEqual({
      ...Object.fromEntries(three.map((name) => [`${name}:verify-attempt`, []])),
      ...Object.fromEntries(three.map((name) => [`${name}:verify`, [`${name}:verify-attempt`]])),
      "validate-schema-consistency:verify": three.map((name) => `${name}:verify-attempt`),
    });
  });
});
