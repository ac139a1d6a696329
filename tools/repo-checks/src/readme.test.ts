import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replaceSection } from "./marked-section.ts";
import { checkReadmes, scriptTable } from "./readme.ts";
import { withFixtureAsync, type Fixture } from "./testing/fixture.ts";
import { readPackages } from "./workspace.ts";

const names = ["database/run-migrations", "verification/verify-foo", "verification/verify-bar"];

// In place of the built bin: what it prints for --help is all that the check needs.
function prepare({ write }: Fixture): void {
  write("README.md", "# Platform\n\n<!-- scripts -->\n<!-- /scripts -->\n");
  write("packages/core/exit-codes/README.md", "# @org/exit-codes\n");
  for (const path of names) {
    const name = path.split("/")[1] ?? "";
    write(`packages/${path}/bin/${name}.js`, `console.log("Usage: ${name} [options]");`);
    write(`packages/${path}/README.md`, `npx @org/${name}\n<!-- usage -->\n<!-- /usage -->\nimport {} from "@org/${name}";\n## Exit codes\n`);
  }
}

async function found({ root }: Fixture, fix = false): Promise<string[]> {
  return (await checkReadmes(root, readPackages(root), { fix })).map(({ where, what }) => `${where} ${what}`);
}

test("finds sections that are out of date, writes them, and then finds nothing", async () => {
  await withFixtureAsync(async (fixture) => {
    prepare(fixture);
    expect(await found(fixture)).toHaveLength(4);
    expect(await found(fixture, true)).toEqual([]);
    expect(await found(fixture)).toEqual([]);
    expect(readFileSync(join(fixture.root, "packages/verification/verify-foo/README.md"), "utf8")).toContain("```text\nUsage: verify-foo [options]\n```");
  });
});

test("finds a README without the marks, without the exit codes, and a missing one", async () => {
  await withFixtureAsync(async (fixture) => {
    prepare(fixture);
    await found(fixture, true);
    fixture.write("README.md", "# Platform\n");
    fixture.write("packages/verification/verify-foo/README.md", 'npx @org/verify-foo\nfrom "@org/verify-foo"');
    expect(await found(fixture)).toEqual([
      "README.md has no section between <!-- scripts --> and <!-- /scripts -->.",
      "packages/verification/verify-foo/README.md has no section between <!-- usage --> and <!-- /usage -->.",
      "packages/verification/verify-foo/README.md does not hold ## Exit codes.",
    ]);
  });
});

test("finds a bin that cannot print its usage", async () => {
  await withFixtureAsync(async (fixture) => {
    prepare(fixture);
    await found(fixture, true);
    fixture.write("packages/verification/verify-foo/bin/verify-foo.js", 'throw new Error("not built");');
    expect(await found(fixture)).toEqual([expect.stringMatching(/verify-foo\.js cannot print its usage: .*not built/s)]);
  });
});

test("the table has a row for each script", async () => {
  await withFixtureAsync(({ root }) => {
    const table = scriptTable(readPackages(root).filter((pkg) => pkg.manifest !== undefined));
    expect(table).toContain("| [verify-foo](packages/verification/verify-foo) | Do the work of verify-foo | `verify` | run-migrations | postgres | read | 5s / 30s |");
    expect(table.split("\n")).toHaveLength(5);
  });
});

test("a section is replaced only between its own marks", () => {
  expect(replaceSection("a\n<!-- x -->\nold\n<!-- /x -->\nb", "x", "new")).toBe("a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb");
  expect(replaceSection("a <!-- /x --> <!-- x -->", "x", "new")).toBeUndefined();
  expect(replaceSection("<!-- x --><!-- x --><!-- /x -->", "x", "new")).toBeUndefined();
});
