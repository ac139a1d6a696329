export type { BaselineScope } from "./baseline.ts";
export { readReplayGround, type GroundSource, type ReplayGround } from "./ground.ts";
export { withReplay, type Replay, type ReplayOptions } from "./replay.ts";
