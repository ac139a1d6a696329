export { startDependencies } from "./script.ts";
export type { ProviderName, ServiceName } from "./service.ts";
export type { DependenciesSettings } from "./settings.ts";
export type { DependenciesData, DependencyData } from "./dependency-data.ts";
