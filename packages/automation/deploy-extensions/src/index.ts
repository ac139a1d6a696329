export { assessExtension, extensionFinding, type Shortcoming } from "./assess.ts";
export type { DeployFailure } from "./deploy-error.ts";
export type { DeployedExtension, DeployedFile, Deployment, PlannedStatement } from "./deployment.ts";
export { extensionCheck, manifestFinding } from "./deployment-checks.ts";
export { readExtensionState, type AvailableVersion, type ExtensionFacts, type ExtensionState, type InstalledExtension } from "./extension-state.ts";
export { readManifest, type WantedExtension } from "./manifest.ts";
export { planExtensions, type BlockedExtension, type DeployStep, type ExtensionPlan, type LackingRight } from "./plan.ts";
export { deployExtensions } from "./script.ts";
export { compareVersions, parseVersionRange, satisfies, type VersionComparator, type VersionRange } from "./version-range.ts";
