import { createHash, randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { withClient, withDatabase, type PostgresClient } from "@org/postgres";
import { writeFiles, type Files } from "./files.ts";
import { kill, type Victim } from "./kill.ts";
import { commandOptions, makeStateTables, type Place } from "./place.ts";
import { startPrivatePostgres, type PrivatePostgres } from "./private-postgres.ts";
import { runBin, startBin } from "./run-process.ts";
import { withTempFolder } from "./temp-folder.ts";

/** How often a test kills, and when: the seed decides every moment and every choice of it. */
export interface KillPlan {
  readonly count: number;
  readonly seed: number;
  /** The command that draws the same moments again. */
  readonly again: string;
}

/** Six rounds at random moments, unless KILL_ROUNDS and KILL_SEED say otherwise. */
export function killPlan(project: string): KillPlan {
  const count = wholeNumber("KILL_ROUNDS", 6);
  const seed = wholeNumber("KILL_SEED", randomInt(2 ** 32));
  return { count, seed, again: `KILL_SEED=${seed} KILL_ROUNDS=${count} npx vitest run --project ${project} src/kill` };
}

function wholeNumber(variable: string, unset: number): number {
  const text = process.env[variable] ?? String(unset);
  if (!/^\d{1,15}$/u.test(text)) throw new Error(`${variable}=${text} is no whole number`);
  return Number(text);
}

/** The command under test, what it works on and how it is told from outside how that ended. */
export interface KillTest<End> {
  readonly command: string;
  readonly args: readonly string[];
  readonly files: Files;
  /** Prepares the database of which each round gets a copy; the state tables are there. */
  readonly prepare?: (place: Place) => Promise<void>;
  /** What the command says when it has come so far; of `draw`, from 0 up to 1. */
  readonly reached: (draw: number) => RegExp;
  /** How much later it is killed at most, in milliseconds. */
  readonly latestMs: number;
  /** Where something is wrong after the kill, before anything else runs. */
  readonly faults?: (client: PostgresClient) => Promise<readonly string[]>;
  readonly endState: (client: PostgresClient) => Promise<End>;
}

export interface KillRound<End> {
  readonly victim: Victim;
  /** Whether the victim was still at work. */
  readonly killed: boolean;
  readonly faults: readonly string[];
  /** What the plain run after it ended with. */
  readonly exitCode: number | null;
  readonly story: string;
  readonly end: End;
}

export interface KillRounds<End> {
  /** How a run without a kill ends. */
  readonly undisturbed: End;
  readonly rounds: readonly KillRound<End>[];
}

/** Kills the runner, a backend and the server in turn, each time on a database of its own. What goes wrong names the command that repeats it. */
export async function killRounds<End>(plan: KillPlan, test: KillTest<End>): Promise<KillRounds<End>> {
  const server = await startPrivatePostgres();
  try {
    return await withTempFolder(async (folder) => {
      await writeFiles(folder, test.files);
      const stage: Stage<End> = { test, server, folder };
      await prepare(stage);
      const undisturbed = await onCopy(stage, "undisturbed", async (url) => {
        await runBin(test.command, test.args, commandOptions({ url, folder }));
        return inSession(url, test.endState);
      });
      const rounds: KillRound<End>[] = [];
      for (let index = 0; index < plan.count; index += 1) rounds.push(await killRound(stage, plan, index));
      return { undisturbed, rounds };
    });
  } finally {
    await server.stop();
  }
}

interface Stage<End> {
  readonly test: KillTest<End>;
  readonly server: PrivatePostgres;
  readonly folder: string;
}

async function prepare<End>({ test, server, folder }: Stage<End>): Promise<void> {
  await inSession(server.url, (client) => client.query("CREATE DATABASE prepared"));
  const url = withDatabase(server.url, "prepared");
  await makeStateTables(url);
  await inSession(url, async (client) => test.prepare?.({ url, folder, client }));
}

async function onCopy<T>({ server }: Stage<unknown>, name: string, work: (url: string) => Promise<T>): Promise<T> {
  await inSession(server.url, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE prepared`));
  // The copy of a sequence has values in reserve that no log knows of: without a checkpoint a crash would give them out twice.
  await inSession(server.url, (client) => client.query("CHECKPOINT"));
  const result = await work(withDatabase(server.url, name));
  await inSession(server.url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  return result;
}

const victims: readonly Victim[] = ["runner", "backend", "server"];

async function killRound<End>(stage: Stage<End>, { seed, again }: KillPlan, index: number): Promise<KillRound<End>> {
  const victim = victims[index % victims.length]!;
  const draw = (what: string): number => drawn(`${seed} ${index} ${what}`);
  try {
    return await onCopy(stage, `round_${index}`, (url) => disturb(stage, { victim, url, draw }));
  } catch (cause) {
    throw new Error(`round ${index + 1} (${victim}) could not be judged; ${again} repeats it: ${(cause as Error).message}`, { cause });
  }
}

/** From 0 up to 1; the same text gives the same number. */
function drawn(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32;
}

interface Disturbance {
  readonly victim: Victim;
  readonly url: string;
  readonly draw: (what: string) => number;
}

async function disturb<End>({ test, server, folder }: Stage<End>, { victim, url, draw }: Disturbance): Promise<KillRound<End>> {
  const { command, args } = test;
  const options = commandOptions({ url, folder });
  const runner = startBin(command, args, options);
  await runner.output(test.reached(draw("reached")));
  await delay(draw("delay") * test.latestMs);
  const killed = await kill({ victim, server, runner, applicationName: command, draw: draw("backend") });
  const faults = test.faults === undefined ? [] : await inSession(url, test.faults);
  const first = await runner.done;
  const second = await runBin(command, args, options);
  const end = await inSession(url, test.endState);
  return { victim, killed, faults, exitCode: second.exitCode, story: first.stderr + second.stderr, end };
}

async function inSession<T>(url: string, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  return withClient({ url, applicationName: "test" }, work);
}
