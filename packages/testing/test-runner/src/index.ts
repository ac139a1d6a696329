export { testRunner } from "./script.ts";
export type { EnvironmentStatus, FolderStatus, PortStatus, ServiceStatus, SettingStatus, ToolStatus } from "./environment-status.ts";
export type { DoctorContext, DoctorSettings } from "./doctor-context.ts";
