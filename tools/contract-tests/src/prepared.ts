import { cacheServer, withScratchDatabase } from "@org/testkit";
import { withPlace, type Place } from "./place.ts";
import { runScript } from "./run.ts";
import { scripts, type ScriptUnderTest } from "./scripts.ts";

/** A platform that is set up, with the URLs of its services. */
export interface PreparedPlatform extends Place {
  readonly urls: { readonly DATABASE_URL: string; readonly REDIS_URL: string };
}

/** The scripts of a target, each after those that its manifest names. */
export function inOrder(target: string): readonly ScriptUnderTest[] {
  const rest = scripts.filter(({ manifest }) => manifest.target === target);
  const ordered: ScriptUnderTest[] = [];
  while (rest.length > 0) {
    const next = rest.findIndex(({ manifest }) => ![...manifest.after, ...(manifest.waitsFor ?? [])].some((name) => rest.some((other) => other.name === name)));
    if (next === -1) throw new Error(`the manifests of ${target} wait for each other`);
    ordered.push(...rest.splice(next, 1));
  }
  return ordered;
}

/** An empty database and a small platform in it, made by the setup scripts themselves. */
export async function withPreparedPlatform<T>(test: (platform: PreparedPlatform) => Promise<T>, config?: string): Promise<T> {
  const { url: REDIS_URL } = await cacheServer();
  return withScratchDatabase((DATABASE_URL) => {
    const urls = { DATABASE_URL, REDIS_URL };
    return withPlace(async (place) => {
      for (const script of inOrder("setup")) await mustSucceed(script, place, urls);
      return test({ ...place, urls });
    }, config);
  });
}

async function mustSucceed(script: ScriptUnderTest, place: Place, env: Readonly<Record<string, string>>): Promise<void> {
  const { exitCode, stderr, stdout } = await runScript(script, ["--no-history"], { place, env });
  if (exitCode !== 0) throw new Error(`${script.name} ended with ${exitCode}\n${stderr}\n${stdout}`);
}
