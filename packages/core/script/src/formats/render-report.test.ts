import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { CheckResult } from "../check.ts";
import { reportFormats, type ReportFormat } from "../common-options.ts";
import type { Report } from "../report.ts";
import { sampleReport } from "../testing/sample-report.ts";
import { displayWidth } from "./visible.ts";
import { renderError } from "./human.ts";
import { renderReport } from "./render-report.ts";

const render = (report: Report, format: ReportFormat): string => renderReport(report, { format, color: false });

/** A table whose name clears the screen, forges a line, colours, hides and reverses text. */
const hostile = 'orders\u001b[2J\u001b]0;owned\u0007\u009b31m\r✓ pass\u202e<script>|`x`|</script>&]]>\u0000\ud800"';
const hostileCheck: CheckResult = { id: "a", title: hostile, verdict: "fail", evidence: hostile, remedy: hostile, durationMs: 1 };

function only(check: Partial<CheckResult>): Report {
  return sampleReport({ checks: [{ id: "a", title: "A", verdict: "pass", evidence: "b", durationMs: 1, ...check }] });
}

describe("every format", () => {
  test.each(reportFormats)("%s ends with one newline and names every check", (format) => {
    const text = render(sampleReport(), format);
    expect(text).toMatch(/[^\n]\n$/u);
    for (const { evidence } of sampleReport().checks) expect(text.replace(/\s+/gu, " ")).toContain(evidence);
  });

  test.each(reportFormats)("%s lets no control or direction character of an object's name through", (format) => {
    const report = sampleReport({ checks: [hostileCheck], error: { code: "general", message: hostile, hint: hostile } });
    const text = renderReport(report, { format, color: false, body: hostile });
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u);
    expect(text).not.toMatch(/\p{Cs}/u);
  });
});

describe("json", () => {
  test("is the report itself", () => {
    const report = sampleReport({ checks: [hostileCheck] });
    expect(JSON.parse(render(report, "json"))).toEqual(JSON.parse(JSON.stringify(report)));
    expect(render(sampleReport(), "json")).toBe(`${JSON.stringify(sampleReport(), null, 2)}\n`);
  });
});

describe("human", () => {
  const options = { format: "human", color: false, body: "Server  PostgreSQL 15.4\n" } as const;

  test("has title line, body and aligned checks within 80 columns", () => {
    const text = renderReport(sampleReport(), options);
    expect(text).toMatchInlineSnapshot(`
      "verify-connection  ✗ fail  3 of 5 checks ran, 412 ms

      Server  PostgreSQL 15.4

        ✓ pass     A TCP connection opens      localhost:5434 answered in 2 ms
        ! warn     The connection is           the server offers no TLS
                   encrypted                   → Set ssl = on in postgresql.conf and
                                                 add sslmode=require to DATABASE_URL.
        ✗ fail     A query answers in time     SELECT 1 took longer than it may
                                               (240.13 ms, limit 100 ms from config)
                                               → Look at the load of the server with
                                                 npx @org/verify-connection --json.
        ? unknown  Supabase REST answers       connect ECONNREFUSED 127.0.0.1:54321
                                               → Start Supabase.
        - skipped  The pooler is in session    there is no pooler between
                   mode
      "
    `);
    for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  });

  test("differs with colour in nothing but the colour", () => {
    const coloured = renderReport(sampleReport(), { ...options, color: true });
    expect(coloured).not.toBe(renderReport(sampleReport(), options));
    expect(stripVTControlCharacters(coloured)).toBe(renderReport(sampleReport(), options));
  });

  test("keeps to a narrow terminal, also with words that are longer than a line", () => {
    const report = only({ title: "表".repeat(60), verdict: "fail", evidence: "x".repeat(300), remedy: "y".repeat(90) });
    const text = renderReport(report, { ...options, width: 60 });
    for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(60);
    expect(text.match(/x/gu)).toHaveLength(300);
    expect(text.match(/表/gu)).toHaveLength(60);
  });

  test("shows an error with its hint last, and says that no check ran", () => {
    const error = { code: "connection", message: "localhost:5434 refused the connection", hint: "Start it." };
    const report = sampleReport({ verdict: "unknown", exitCode: 4, checks: [], error });
    expect(render(report, "human")).toBe(
      "verify-connection  ? unknown  no check ran, 412 ms\n\nerror: localhost:5434 refused the connection\nhint: Start it.\n",
    );
  });

  test("the check that only repeats the error is not shown beside it", () => {
    const error = { code: "connection", message: "localhost:5434 refused", hint: "Start it." };
    const check = { id: "verify-connection.run", title: "Probe", verdict: "unknown", evidence: error.message, remedy: "Start it.", durationMs: 0 } as const;
    const report = sampleReport({ verdict: "unknown", exitCode: 4, checks: [check], error });
    for (const format of ["human", "markdown"] as const) expect(render(report, format).split("refused")).toHaveLength(2);
    expect(tagsOf(render(report, "junit"))).toMatchObject({ testcase: 1, error: 1 });
  });

  test("a dry run says so", () => {
    const report = sampleReport();
    expect(render({ ...report, run: { ...report.run, dryRun: true } }, "human")).toContain("412 ms, dry run\n");
  });

  test("sizes and counts are written for people", () => {
    const limit = { value: 1024 ** 3, source: "default" };
    expect(render(only({ value: 3 * 1024 ** 2, unit: "bytes", threshold: limit }), "human")).toContain("(3 MiB, limit 1 GiB from");
    expect(render(only({ value: 3, unit: "count", threshold: { value: 5, source: "flag" } }), "human")).toContain("(3, limit 5 from flag)");
  });

  test("an error for stderr keeps the lines of its message", () => {
    expect(renderError({ message: "two problems:\n  a\n  b", hint: null }, false)).toBe("error: two problems:\n  a\n  b\n");
    expect(stripVTControlCharacters(renderError({ message: "a", hint: "Do b." }, true))).toBe("error: a\nhint: Do b.\n");
  });
});

describe("junit", () => {
  test("is well-formed and counts what it holds", () => {
    const xml = render(sampleReport(), "junit");
    expect(tagsOf(xml)).toMatchObject({ testcase: 5, failure: 1, error: 1, skipped: 1, "system-out": 2 });
    expect(xml).toContain('tests="5" failures="1" errors="1" skipped="1"');
    expect(tagsOf(render(sampleReport({ checks: [hostileCheck] }), "junit"))).toMatchObject({ testcase: 1, failure: 1 });
  });

  test("tells each place of a check", () => {
    const occurrence = { rule: "ban-drop-table", level: "error", message: "The table is lost.", file: "2_b.sql", line: 3, column: 1 } as const;
    expect(render(only({ verdict: "fail", occurrences: [occurrence] }), "junit")).toContain("error 2_b.sql:3:1 ban-drop-table: The table is lost.");
  });

  test.each([
    ["a run that ended early", { checks: [], error: { code: "connection", message: "refused", hint: "Start it." } }],
    ["a run without a check", { checks: [], verdict: "unknown" }],
    ["a run of skipped checks only", { checks: [{ id: "a", title: "A", verdict: "skipped", evidence: "no", durationMs: 0 }] }],
    ["an unknown check", { checks: [{ id: "a", title: "A", verdict: "unknown", evidence: "no", durationMs: 0 }] }],
  ] as const)("%s never looks passed", (_, changes) => {
    const xml = render(sampleReport({ exitCode: 6, ...changes }), "junit");
    expect(tagsOf(xml)["error"]).toBe(1);
    expect(xml).toContain('errors="1"');
  });

  test("a dry run of skipped checks is not an error", () => {
    const skipped = { id: "a", title: "A", verdict: "skipped", evidence: "dry run", durationMs: 0 } as const;
    expect(tagsOf(render(sampleReport({ exitCode: 10, verdict: "skipped", checks: [skipped] }), "junit"))["error"]).toBeUndefined();
  });
});

describe("sarif", () => {
  interface Log {
    readonly runs: readonly [
      {
        readonly results: readonly { readonly ruleId: string; readonly level: string; readonly locations: readonly unknown[]; readonly partialFingerprints: object }[];
        readonly invocations: readonly [{ readonly executionSuccessful: boolean; readonly exitCode: number; readonly toolExecutionNotifications: readonly { readonly level: string }[] }];
      },
    ];
  }
  const sarif = (report: Report): Log["runs"][0] => (JSON.parse(render(report, "sarif")) as Log).runs[0];
  const lint = { rule: "ban-drop-table", level: "error", message: "The table is lost.", file: "my migrations/2_é.sql", line: 3, column: 1 } as const;

  test("what failed or warns is a result, and a check that could not run makes the execution unsuccessful", () => {
    const { results, invocations } = sarif(sampleReport());
    expect(results.map(({ ruleId, level }) => `${level} ${ruleId}`)).toEqual(["warning tls", "error query"]);
    expect(invocations[0]).toMatchObject({ executionSuccessful: false, exitCode: 6 });
    expect(invocations[0].toolExecutionNotifications.map(({ level }) => level)).toEqual(["note", "error", "note"]);
  });

  test("a run without a verdict is unsuccessful, a passed one is not", () => {
    expect(sarif(sampleReport({ checks: [], verdict: "unknown" })).invocations[0].executionSuccessful).toBe(false);
    expect(sarif({ ...only({}), verdict: "pass", exitCode: 0 })).toMatchObject({ results: [], invocations: [{ executionSuccessful: true, exitCode: 0 }] });
  });

  test("each place is a result with file, line and column, or with its object", () => {
    const drift = { rule: "column.default", level: "warning", message: "It differs.", object: 'app."Users".name' } as const;
    const { results } = sarif(only({ verdict: "fail", occurrences: [lint, drift] }));
    expect(results.map(({ locations }) => locations)).toMatchObject([
      [{ physicalLocation: { artifactLocation: { uri: "my%20migrations/2_%C3%A9.sql" }, region: { startLine: 3, startColumn: 1 } } }],
      [{ logicalLocations: [{ fullyQualifiedName: 'app."Users".name' }] }],
    ]);
  });

  test("a result keeps its fingerprint when only its line moves", () => {
    const [a, b, c] = [lint, { ...lint, line: 9 }, { ...lint, message: "Another." }].map((occurrence) => sarif(only({ verdict: "fail", occurrences: [occurrence] })).results[0]!.partialFingerprints);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});

describe("markdown", () => {
  test("a name cannot leave its cell, its code block or notify anybody", () => {
    const text = renderReport(only({ title: "a|b\nc <img> `@everyone` ```", evidence: "*x*" }), { format: "markdown", color: false, body: "````\n| x" });
    expect(text).toContain("| ✓ pass | a\\|b<br>c &lt;img&gt; \\`@\u200Beveryone\\` \\`\\`\\` | \\*x\\* |\n");
    expect(text).toContain("`````text\n````\n| x\n`````\n");
  });

  test("commands of a remedy can be copied", () => {
    expect(render(sampleReport(), "markdown")).toContain("npx @org/verify-connection");
  });
});

/** Counts the elements of a document; throws where a tag does not close or a reserved character stands free. */
function tagsOf(xml: string): Record<string, number> {
  const counts: Record<string, number> = {};
  const open: string[] = [];
  const token = /<\?[^?]*\?>|<(\/?)([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|[^<]+/gu;
  let end = 0;
  for (const match of xml.matchAll(token)) {
    if (match.index !== end) break;
    end += match[0].length;
    if (/&(?!(?:amp|lt|gt|quot|apos|#10);)/u.test(match[0])) throw new Error(`a bare & in ${match[0]}`);
    const [, closing, name, , empty] = match;
    if (name === undefined) continue;
    if (closing === "/" && open.pop() !== name) throw new Error(`${match[0]} closes another element`);
    if (closing === "") counts[name] = (counts[name] ?? 0) + 1;
    if (closing === "" && empty === "") open.push(name);
  }
  expect({ end, open }).toEqual({ end: xml.length, open: [] });
  return counts;
}
