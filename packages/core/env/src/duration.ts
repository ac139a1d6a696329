const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses "500ms", "30s", "5m", "1h30m" to milliseconds. A bare number is refused, because it says no unit.
 * Throws an Error whose message completes the sentence "... is not valid: ".
 */
export function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.trim()) {
    throw new Error('expected a duration with its unit, such as "500ms", "30s", "5m" or "1h30m"');
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit!] as number), 0);
}

/** The shortest exact-enough spelling of a duration: "340 ms", "2.5 s", "3 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0))} s`;
  const seconds = Math.round((ms % 60_000) / 1_000);
  return `${Math.floor(ms / 60_000)} min${seconds === 0 ? "" : ` ${seconds} s`}`;
}
