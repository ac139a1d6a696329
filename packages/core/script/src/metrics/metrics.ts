/** One gauge with its samples. Help and label values may hold any character. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The text exposition format of Prometheus. Of two samples of one series the smaller one stays, so that a failed check
 * is not hidden by a passed one of the same id.
 */
export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics.filter(({ samples }) => samples.length > 0).map(renderMetric).join("");
}

function renderMetric({ name, help, samples }: Metric): string {
  const series = new Map<string, number>();
  for (const { labels, value } of samples) {
    const key = name + renderLabels(labels);
    series.set(key, Math.min(value, series.get(key) ?? value));
  }
  const lines = [...series].map(([key, value]) => `${key} ${renderValue(value)}\n`);
  return `# HELP ${name} ${escape(help)}\n# TYPE ${name} gauge\n${lines.join("")}`;
}

function renderLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replace(/\p{Cs}/gu, "\uFFFD");
}

function renderValue(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
}
