export { pushMetrics } from "./push-metrics.ts";
export { writeMetrics } from "./write-metrics.ts";
