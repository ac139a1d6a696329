export { createDependencies } from "./create-dependencies.ts";
export { createNodes } from "./create-nodes.ts";
export { postTasksExecution, preTasksExecution } from "./exit-code-hooks.ts";

export const name = "@org/nx-scripts";
