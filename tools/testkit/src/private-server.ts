/** What can be done with a server of one's own. */
export interface PrivateServer {
  readonly pid: number;
  readonly dataDir: string;
  readonly logFile: string;
  /** Sends a signal and does not wait. */
  kill(signal: NodeJS.Signals): void;
  /** Starts it again on the same data and port, after a kill or a halt. */
  start(): Promise<void>;
  /** Stops it and keeps the data, so that it can be started again. */
  halt(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}
