import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "@org/logging";
import { withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Candidate, Declined, DependenciesRequest } from "../service.ts";
import { composeFile, containerProvider, stopContainer } from "./container.ts";

function request(folder: string): DependenciesRequest {
  return {
    root: folder,
    stateDir: folder,
    env: { PATH: `${folder}:/usr/bin:/bin`, LOG: join(folder, "log") },
    services: ["postgres"],
    provider: undefined,
    ports: { postgres: undefined, cache: undefined },
    urls: { postgres: undefined, cache: undefined },
    database: "app",
    install: false,
    preloadLibraries: ["pg_stat_statements"],
    logger: silentLogger,
    signal: new AbortController().signal,
  };
}

/** Asks with stand-ins as the only engines. */
async function withEngines(engines: Readonly<Record<string, string>>, check: (answer: Candidate | Declined, folder: string) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const missing = "#!/bin/sh\nexit 127\n";
    for (const [name, body] of Object.entries({ docker: missing, podman: missing, ...engines })) {
      await writeFile(join(folder, name), body);
      await chmod(join(folder, name), 0o755);
    }
    await check(await containerProvider("postgres", request(folder)), folder);
  });
}

test("the compose file: health-checked, named volumes, this machine only, no password in it", async () => {
  const text = await readFile(composeFile(), "utf8");
  const { services, volumes } = parse(text) as { services: Record<string, { image: string; ports: string[]; volumes: string[]; healthcheck: { test: string[] } }>; volumes: object };
  expect(Object.keys(services)).toEqual(["postgres", "cache"]);
  expect(Object.keys(volumes)).toEqual(["postgres-data", "cache-data"]);
  for (const [name, { image, ports, volumes, healthcheck }] of Object.entries(services)) {
    expect(image).toMatch(/:v?\d/);
    expect(ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\$\{/)]);
    expect(volumes[0]).toMatch(new RegExp(`^${name}-data:/`));
    expect(healthcheck.test[1]).toMatch(/pg_isready|PONG/);
  }
  expect(services["cache"]?.image).toContain("dragonfly");
  expect([...text.matchAll(/PASSWORD: (.*)/g)].map(([, value]) => value)).toEqual(Array(1).fill(expect.stringMatching(/^\$\{/)));
});

test("an engine that is installed and does not run is declined, with its own words", async () => {
  await withEngines({ docker: "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n" }, async (answer) => {
    expect(answer).toMatchObject({ declined: expect.stringContaining("docker is installed, but its engine does not answer (Cannot connect") as string });
  });
});

test("an engine without the compose plugin is declined", async () => {
  await withEngines({ docker: `#!/bin/sh\n[ "$1" = version ] && exit 0\necho "docker: unknown command: docker compose" >&2\nexit 1\n` }, async (answer) => {
    expect(answer).toMatchObject({ declined: expect.stringContaining("docker runs, but has no compose plugin") as string });
  });
});

const recorder = `#!/bin/sh\necho "$0 $*" >> "$LOG"; env | grep -E "^(POSTGRES|CACHE)_" | sort >> "$LOG"; exit 0\n`;

test("no engine can run here: a stand-in that records its orders is told to start, to wait for health and to stop", async () => {
  await withEngines({ docker: recorder }, async (answer, folder) => {
    if ("declined" in answer) throw new Error(answer.declined);
    await answer.launch({ home: folder, port: 5999, password: "pw", passwordIsNew: true, logFile: "", request: request(folder) });
    await stopContainer("docker", "postgres", request(folder));
    const log = await readFile(join(folder, "log"), "utf8");
    expect(log).toMatch(/docker compose --project-name platform-[0-9a-f]{12} --file .*compose\.yaml up --detach --wait postgres\n/);
    expect(log).toContain("POSTGRES_PASSWORD=pw\nPOSTGRES_PORT=5999\nPOSTGRES_PRELOAD_LIBRARIES=pg_stat_statements\n");
    expect(log).toMatch(/ stop postgres\n/);
    expect(log).not.toMatch(/docker .*pw/);
  });
});

test("no engine can run here: podman's stand-in is taken when docker is missing", async () => {
  await withEngines({ podman: recorder }, async (answer) => {
    expect(answer).toMatchObject({ provider: "container", engine: "podman" });
  });
});
