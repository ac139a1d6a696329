import type { Host } from "./host.ts";

/** How far long work is. Shown on a terminal only; elsewhere the log tells the story. */
export interface Progress {
  update(text: string, part?: { readonly done: number; readonly total: number }): void;
}

/** Standard error with one status line at its foot that log lines never break. */
export interface StatusLine extends Progress {
  write(line: string): void;
  /** Removes the status line and waits until everything is written. */
  close(): Promise<void>;
}

const clearLine = "\r\u001b[2K";

export function createStatusLine({ stderr }: Host): StatusLine {
  let status = "";
  let last: Promise<void> = Promise.resolve();
  const put = (text: string): void => {
    last = stderr.write(text);
  };
  return {
    write: (line) => put(status === "" ? line : `${clearLine}${line}${status}`),
    update: (text, part) => {
      if (!stderr.isTTY) return;
      status = `${text}${part === undefined ? "" : ` ${bar(part)}`}`.slice(0, stderr.columns - 1);
      put(`${clearLine}${status}`);
    },
    close: () => {
      if (status !== "") put(clearLine);
      status = "";
      return last;
    },
  };
}

function bar({ done, total }: { readonly done: number; readonly total: number }): string {
  const width = 20;
  const filled = Math.round((width * done) / Math.max(total, 1));
  return `[${"=".repeat(filled)}${" ".repeat(width - filled)}] ${done}/${total}`;
}
