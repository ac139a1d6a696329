import { expect, test } from "vitest";
import { checkManifests } from "./manifests.ts";
import { withFixture } from "./testing/fixture.ts";
import { readPackages } from "./workspace.ts";

const faults: readonly (readonly [string, object, string])[] = [
  ["an unknown key", { afetr: [] }, 'unknown key "afetr"'],
  ["a script that is not there", { after: ["verify-baz"] }, 'no script "verify-baz"'],
  ["a script of another target to wait for", { waitsFor: ["run-migrations"] }, "whose target is another"],
  ["an unknown service", { services: ["mysql"] }, 'unknown service "mysql"'],
  ["an unknown permission", { permission: "root" }, 'unknown permission "root"'],
  ["a time without a unit", { timeout: "30" }, '"30" is no duration'],
  ["an unknown report", { report: "results" }, 'unknown report "results"'],
  ["a summary with a full stop", { summary: "Verify." }, "no sentence"],
];

test("the manifests of the norm have no problem", () => {
  withFixture(({ root }) => expect(checkManifests(root, readPackages(root))).toEqual([]));
});

test.each(faults)("finds %s", (_name, change, expected) => {
  withFixture(({ root, edit }) => {
    edit("packages/verification/verify-foo/script.json", (json) => Object.assign(json, change));
    const problems = checkManifests(root, readPackages(root));
    expect(problems).toEqual([{ where: "packages/verification/verify-foo/script.json", what: expect.stringContaining(expected) as unknown }]);
  });
});
