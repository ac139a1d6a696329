import { printable } from "@org/logging";
import type { Loss, RoundTrip, TakenAlong } from "./rollback-status.ts";

/** One loss as a phrase. */
export function describeLoss({ kind, object, rows, exact }: Loss): string {
  if (kind === "unseen") return `what this does cannot be seen: ${printable(object)}`;
  const unit = kind === "column" || kind === "values" ? "values" : "rows";
  const figure = rows === null ? `an unknown number of ${unit}` : `${exact ? "" : "about "}${rows} ${rows === 1 ? unit.slice(0, -1) : unit}`;
  return kind === "rows" ? `${figure} of ${printable(object)}` : `${kind === "values" ? "precision of column" : kind} ${printable(object)} (${figure})`;
}

/** Something of a repeatable file as a phrase. */
export function describeTaken({ file, object }: TakenAlong): string {
  return `${printable(object)} (${printable(file)})`;
}

/** What came of one round trip, as a phrase that names every object. */
export function describeTrip({ file, downFile, outcome, differences, unread, failure }: RoundTrip): string {
  const objects = differences.map(({ kind, object, change, property }) => `${kind} ${object} (${property === null ? change : `${property} ${change}`})`).join(", ");
  const hidden = unread.map(({ kind, object, property, reason }) => `${property ?? "everything"} of ${kind} ${object ?? "*"}: ${reason}`);
  const told = outcome === "unknown" ? [...new Set(hidden)].join(", ") : objects;
  const reason = failure === null ? told : printable(`${failure.file}${failure.line === null ? "" : `:${failure.line}:${failure.column}`}: ${failure.message}`);
  const words = { same: "gives back the same schema", differs: "leaves a difference:", failed: "does not run:", "not-again": "cannot be applied again after its way back:", "no-way-back": "has no way back", unknown: "cannot be compared in full:" };
  return `${printable(outcome === "not-again" ? file : (downFile ?? file))} ${words[outcome]} ${reason}`.trim();
}
