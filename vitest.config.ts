import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { defineConfig } from "vitest/config";

const conditions = ["@org/source"];
const manifests = globSync(["packages/*/*/package.json", "tools/*/package.json"]).sort();

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The servers that tests share end with this process, not with one of its workers.
    env: { TESTKIT_OWNER: String(process.pid) },
    projects: manifests
      .filter((manifest) => existsSync(`${dirname(manifest)}/src`))
      .map((manifest) => ({
        extends: true as const,
        root: dirname(manifest),
        test: {
          name: (JSON.parse(readFileSync(manifest, "utf8")) as { name: string }).name,
          include: ["src/**/*.test.ts"],
        },
      })),
    coverage: { provider: "v8", include: ["packages/*/*/src/**/*.ts"], exclude: ["**/*.test.ts", "**/bin.ts"] },
  },
});
