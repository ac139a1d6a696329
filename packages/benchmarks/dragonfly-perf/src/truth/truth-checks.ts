import { printable } from "@org/logging";
import { fail, limitOf, pass, skipped, unknown, warn, type Check, type Finding, type Limit, type PlatformConfig } from "@org/script";
import { machineUse, type MachineUse } from "../machine.ts";
import type { BenchmarkSettings } from "../options.ts";
import type { RunResult } from "../result.ts";
import type { Observation } from "../run-suite.ts";
import { round } from "../summary.ts";

/** What the truth checks judge: every run, and what was asked for. */
export interface Evidence {
  readonly observations: readonly Observation[];
  readonly settings: Pick<BenchmarkSettings, "percentile" | "maxErrors" | "keys" | "pacing">;
  readonly config: PlatformConfig;
}

type Judge = (observation: Observation, evidence: Evidence) => Finding;

/** Each asks whether the figures can be trusted in one respect; a failed one makes the result INVALID. */
export const truthChecks: readonly Check<Evidence>[] = [
  truth("perf.generator", "The server was the limit, not this program", generator),
  truth("perf.rate", "Requests were sent at the rate that was asked for", heldRate),
  truth("perf.hit-rate", "Reads found the keys that had been made", hitRate),
  truth("perf.errors", "Replies are what the commands answer", errors),
  truth("perf.samples", "The runs are long enough for their percentile", samples),
  truth("perf.memory", "The server evicted, expired and refused nothing", memory),
  truth("perf.foreign", "Nobody else used the server", foreignLoad),
  truth("perf.clock", "The clock ran steadily", clock),
  truth("perf.machine", "The machine neither swapped nor lost processor time", machine),
  truth("perf.clean-up", "The keys of the benchmark are removed", cleanUp),
];

const worstFirst = ["fail", "unknown", "warn", "pass", "skipped"] as const;

/** The worst finding over all runs, with the run that it is about. */
function truth(id: string, title: string, judge: Judge): Check<Evidence> {
  const run = (evidence: Evidence): Finding => {
    const findings = evidence.observations.map((observation) => ({ observation, finding: judge(observation, evidence) }));
    const sorted = findings.toSorted((a, b) => worstFirst.indexOf(a.finding.verdict) - worstFirst.indexOf(b.finding.verdict));
    const [worst] = sorted;
    if (worst === undefined) return unknown("no run was finished", "Run it again.");
    const about = findings.length === 1 || worst.finding.verdict === "pass" || worst.finding.verdict === "skipped" ? "" : `${nameOf(worst.observation.run)}: `;
    return { ...worst.finding, evidence: about + worst.finding.evidence };
  };
  return { id, title, run };
}

function nameOf({ suite, round: number, side, connections }: RunResult): string {
  return `${suite}, run ${number}${side === "second" ? " on the second server" : ""} with ${connections} connections`;
}

const fullBusy = 0.95;

/** In a closed loop the generator is the limit when it never rests and the server does. */
function generator({ run, serverThreads }: Observation, { config, settings }: Evidence): Finding {
  const { client, server } = run;
  const limit = limitOf(config, "perf.generator", 75);
  if (client.lag !== null) return lateRequests(run, settings.pacing);
  if (client.busy < fullBusy) return pass(`the busiest worker rested for ${percent(1 - client.busy)} of the time`);
  if (server.cpu === null) return unknown("this program was busy all the time, and the server does not tell its processor time", "Run again with more --threads: when the figures stay, the server is the limit.");
  const load = (server.mainThread ?? server.cpu / (serverThreads ?? 1)) * 100;
  const extra = { value: round(load, 0), unit: "%", threshold: limit };
  if (load >= limit.value) return pass(`the server used ${round(server.cpu, 2)} cores while this program used ${round(client.cpu, 2)}`, extra);
  return fail(`this program was busy all the time (${round(client.cpu, 2)} cores), the server only to ${round(load, 0)} %: the figures are those of this program`, "Give it more --threads and free cores, or measure at a --rate.", extra);
}

const [lateWarns, lateFails] = [0.1, 0.25];
const negligibleMs = 0.2;

function lateRequests({ client, total }: RunResult, pacing: string): Finding {
  const [late, seen] = [client.lag?.p99 ?? 0, total.corrected?.p99 ?? 0];
  const share = seen === 0 ? 0 : late / seen;
  const evidence = `99 % of the requests were sent at most ${round(late, 3)} ms late, which is ${percent(share)} of their p99 of ${round(seen, 3)} ms`;
  const remedy = pacing === "sleep" ? "Use --pacing spin, which takes a whole core and waits for no timer." : "Give this program a core of its own, more --threads or a lower --rate.";
  if (late < negligibleMs || share < lateWarns) return pass(evidence);
  return share < lateFails ? warn(evidence, remedy) : fail(`${evidence}: that latency is this program's`, remedy);
}

function heldRate({ run }: Observation, { config }: Evidence): Finding {
  if (run.rate === null) return skipped("closed loop: there is no rate");
  const limit = limitOf(config, "perf.rate", 1);
  const off = Math.abs(run.opsPerSecond / run.rate - 1) * 100;
  const extra = { value: round(off, 2), unit: "%", threshold: limit };
  const evidence = `${Math.round(run.opsPerSecond)} of ${run.rate} requests in a second were answered`;
  return off <= limit.value ? pass(evidence, extra) : fail(`${evidence}: the latencies are not those of this rate`, "Lower --rate, or give it more --connections.", extra);
}

function hitRate({ run, suite }: Observation, { config, settings }: Evidence): Finding {
  if (!suite.expectsHits) return skipped("this suite does not look for keys that must be there");
  if (suite.preload.length > 0 && run.preloadedKeys !== settings.keys) return fail(`${run.preloadedKeys} of ${settings.keys} keys were made`, "Look at the server's memory and eviction policy.");
  const rate = run.total.hitRate;
  if (rate === null) return skipped("nothing was looked up");
  const limit = limitOf(config, "perf.hit-rate", 99.9);
  const extra = { value: rate, unit: "%", threshold: limit };
  const evidence = `${run.total.misses} of ${run.total.count} replies were misses`;
  return rate >= limit.value ? pass(evidence, extra) : fail(`${evidence}: a miss costs the server less than a hit`, "Look for evicted or expired keys, and raise --ttl.", extra);
}

function errors({ run }: Observation, { settings }: Evidence): Finding {
  const { total } = run;
  const kinds = { ...total.errors, ...(total.wrongReplies > 0 && { "unexpected reply": total.wrongReplies }) };
  const count = Object.values(kinds).reduce((sum, each) => sum + each, 0);
  const share = total.count === 0 ? 100 : (count / total.count) * 100;
  const extra = { value: round(share, 4), unit: "%", threshold: { value: settings.maxErrors, source: "setting" } };
  if (total.count === 0) return fail("no request was answered", "Look into the server's log.", extra);
  const told = Object.entries(kinds).map(([kind, times]) => `${times} ${kind}${total.errorTexts[kind] === undefined ? "" : ` (${printable(total.errorTexts[kind])})`}`);
  if (run.reconnects > 0) told.push(`${run.reconnects} reconnects`);
  if (share > settings.maxErrors) return fail(`${count} of ${total.count} replies are errors: ${told.join(", ")}`, "Mend what the errors name; an error is answered faster than a command.", extra);
  return run.reconnects > 0 ? warn(told.join(", "), "Look for a limit of connections or a restart in the server's log.", extra) : pass(`${total.count} replies verified${told.length > 0 ? `, with ${told.join(", ")}` : ""}`, extra);
}

/** A percentile is the value of one operation; below ten beyond it, it is chance. */
const neededBeyond = 10;

function samples({ run }: Observation, { settings }: Evidence): Finding {
  const share = 1 - settings.percentile / 100;
  const needed = Math.ceil(neededBeyond / share - 1e-6);
  const extra = { value: run.total.count, unit: "count", threshold: { value: needed, source: "percentile" } };
  const evidence = `${run.total.count} operations, and p${settings.percentile} needs ${needed}`;
  return run.total.count >= needed ? pass(evidence, extra) : fail(evidence, "Raise --duration, or ask for a lower --percentile.", extra);
}

function memory({ run, suite }: Observation): Finding {
  const { evictedKeys, expiredKeys } = run.server;
  const refused = run.total.errors["OOM"] ?? 0;
  if (refused > 0) return fail(`the server refused ${refused} writes for want of memory`, "Give it more memory, or take fewer or smaller --keys.");
  if (evictedKeys === null || expiredKeys === null) return unknown("the server does not tell how many keys it evicts and expires", "Look at its memory while the benchmark runs.");
  if (evictedKeys > 0) return fail(`the server evicted ${evictedKeys} keys`, "Give it more memory, or take fewer or smaller --keys: eviction is work, and makes misses.", { value: evictedKeys, unit: "count" });
  if (expiredKeys > 0 && !suite.expires) return fail(`${expiredKeys} keys expired during the run`, "Raise --ttl, or use a server without expiring keys of others.", { value: expiredKeys, unit: "count" });
  return pass("no key was evicted, expired or refused");
}

/** Below this many commands it may be a health check of somebody. */
const foreignAllowance = 50;

function foreignLoad({ run }: Observation, { config }: Evidence): Finding {
  const { foreignCommands } = run.server;
  if (foreignCommands === null) return unknown("the server does not tell how many commands it has processed", "Make sure that nobody else uses it meanwhile.");
  const limit = limitOf(config, "perf.foreign", 0.5);
  const share = (foreignCommands / Math.max(1, run.total.count)) * 100;
  const extra = { value: round(share, 3), unit: "%", threshold: limit };
  if (foreignCommands <= foreignAllowance || share <= limit.value) return pass(`${foreignCommands} commands of others`, extra);
  return fail(`the server processed ${foreignCommands} commands of others beside ${run.total.count} measured ones`, "Use a server that nobody else uses meanwhile.", extra);
}

const largestStepMs = 100;

function clock({ machine: [before, after] }: Observation): Finding {
  const step = after.wallClock - before.wallClock - (after.steadyClock - before.steadyClock);
  const extra = { value: round(step, 1), unit: "ms", threshold: { value: largestStepMs, source: "default" } };
  if (Math.abs(step) <= largestStepMs) return pass("the system's clock was not set", extra);
  return fail(`the system's clock was set by ${round(step, 1)} ms during the run`, "Wait until the clock is synchronised, then run again.", extra);
}

const swappedPages = 100;

/** Pages swapped, and processor time that went to others: by the hypervisor, or to other programs of this machine. */
function machine({ machine: [before, after], cores, server }: Observation, { config }: Evidence): Finding {
  const pages = before.swapped === null || after.swapped === null ? null : after.swapped - before.swapped;
  if (pages !== null && pages > swappedPages) return fail(`the machine swapped ${pages} pages during the run`, "Free some memory, then run again.", { value: pages, unit: "count", threshold: { value: swappedPages, source: "default" } });
  const use = machineUse([before, after], server.seconds ?? 0);
  if (pages === null || use === null) return skipped("this system does not tell of swapping and of what its processors do");
  const limit = limitOf(config, "perf.machine", 5);
  const steal = { value: round(use.stolen * 100, 2), unit: "%", threshold: limit };
  if (steal.value > limit.value) return fail(`the hypervisor gave ${round(steal.value, 1)} % of the processor time to others`, "Use a machine of its own, or run again at another time.", steal);
  if ((use.others / cores) * 100 > limit.value) return otherPrograms(use, { cores, limit, server });
  return pass(`${pages} pages swapped, ${steal.value} % of the processor time stolen, ${round(use.others, 2)} cores used by other programs`, steal);
}

/** What they took is lost to the run where no core was free, and where the server's own work can be told from theirs. */
function otherPrograms({ others, idle }: MachineUse, { cores, limit, server }: Pick<Observation, "cores" | "server"> & { readonly limit: Limit }): Finding {
  const extra = { value: round((others / cores) * 100, 1), unit: "%", threshold: limit };
  const evidence = `other programs used ${round(others, 2)} of the machine's ${cores} cores`;
  const remedy = "Let nothing else run on this machine, or run again when it rests.";
  if (server.isHere && server.seconds !== null && idle < 1) return fail(`the machine was busy with something else: ${evidence} and left none free`, remedy, extra);
  return warn(evidence, remedy, extra);
}

function cleanUp({ removed: { keys, left } }: Observation): Finding {
  if (left === null) return unknown("the cluster moved the slot of the keys to another node, so that they could not be removed", "They expire by themselves after --ttl; leave the slots where they are during a run.");
  if (left > 0) return fail(`${left} keys are still there after ${keys} were removed`, "They expire by themselves after --ttl; look who writes them.", { value: left, unit: "count" });
  return pass(`${keys} keys removed, none is left`);
}

function percent(share: number): string {
  return `${round(share * 100, 1)} %`;
}

