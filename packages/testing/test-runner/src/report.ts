import type { Report } from "@org/script";
import type { EnvironmentStatus, SettingStatus } from "./environment-status.ts";

/** The env contract with the source of every value; defaults and what is unset are left out. */
export function renderEnvironment({ data }: Report<EnvironmentStatus>): string {
  if (data === null) return "";
  const { node, environment, configFile, settings } = data;
  const set = settings.filter(({ source }) => source !== "unset" && source !== "default");
  const width = Math.max(0, ...set.map(({ variable }) => variable.length));
  return [`Node ${node}, environment ${environment}, ${configFile ?? "no config file"}`, ...set.map((status) => settingLine(status, width))].join("\n");
}

function settingLine({ variable, value, source, file }: SettingStatus, width: number): string {
  return `  ${variable.padEnd(width)}  ${value ?? ""}  (${file ?? source})`;
}
