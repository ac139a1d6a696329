import { summarizeTests } from "../test-summary.ts";

const { passed, failed, skipped, problems } = summarizeTests(process.cwd());
const lines = [
  ...skipped.map((name) => `Skipped: ${name}`),
  ...problems,
  `${passed} passed, ${failed} failed`,
];
process.stdout.write(`${lines.join("\n")}\n`);
process.exitCode = failed > 0 || problems.length > 0 ? 1 : 0;
