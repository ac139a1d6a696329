// What a command says to wrong input, without any server.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withPlace } from "./place.ts";
import { runScript } from "./run.ts";
import { scripts } from "./scripts.ts";
import { plainArguments, unreachable } from "./situations.ts";

describe.each(scripts)("$name", (script) => {
  const refused = (args: readonly string[], env: Readonly<Record<string, string>> = {}, config?: { name: string; text: string }) =>
    withPlace(async (place) => {
      if (config !== undefined) writeFileSync(join(place.project, config.name), config.text);
      const result = await runScript(script, args, { place, env: { ...unreachable, ...env } });
      expect(result, result.stderr).toMatchObject({ exitCode: 3, stdout: "" });
      expect(readdirSync(place.folder).toSorted()).toEqual(["home", "project", "tmp"]);
      return result.stderr;
    });

  test("an unknown flag ends with 3 and a suggestion", async () => {
    expect(await refused([...plainArguments(script), "--tiemout", "5s"])).toContain("unknown option '--tiemout' (Did you mean --timeout?)");
  });

  test("an unknown word after the command ends with 3", async () => {
    expect(await refused(["strat", "now"])).toMatch(/strat|too many arguments/u);
  });

  test("a bad value of a flag and a bad variable end with 3 and are both named", async () => {
    const story = await refused([...plainArguments(script), "--timeout", "soon"], { LOG_LEVEL: "LOUD" });
    expect(story).toMatch(/--timeout "soon" is not valid/u);
    expect(story).toMatch(/LOG_LEVEL "LOUD" is not valid: expected DEBUG, INFO, WARNING or ERROR/u);
  });

  test("a bad switch in the environment ends with 3 instead of being taken for no", async () => {
    expect(await refused(plainArguments(script), { DRY_RUN: "perhaps" })).toMatch(/DRY_RUN "perhaps" is not valid/u);
  });

  test("an unknown key of the config ends with 3 and a suggestion", async () => {
    const config = { name: "other.json", text: '{ "migrations": { "directroy": "db" } }' };
    expect(await refused([...plainArguments(script), "--config", "other.json"], {}, config)).toContain('migrations.directroy: unknown key; did you mean "directory"?');
  });

  test("a broken config ends with 3 and the parser's reason", async () => {
    const config = { name: "other.json", text: '{ "migrations": ' };
    expect(await refused([...plainArguments(script), "--config", "other.json"], {}, config)).toMatch(/other\.json cannot be loaded: .*JSON/u);
  });

  test("a config and an env file that are not there end with 3", async () => {
    expect(await refused([...plainArguments(script), "--config", "none.json"])).toMatch(/none\.json cannot be loaded/u);
  });
});
