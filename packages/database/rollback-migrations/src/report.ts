import { printable } from "@org/logging";
import type { Report } from "@org/script";
import { describeLoss, describeTaken, describeTrip } from "./phrases.ts";
import type { PlannedRollback, RollbackStatus } from "./rollback-status.ts";

/** The plan, with what became of each migration, or what the ways back are worth. */
export function renderRollback({ data }: Report<RollbackStatus>): string {
  if (data === null) return "";
  return [
    ...(data.plan ?? []).flatMap((planned) => lines(planned, data)),
    ...data.repeatedNow.map(({ file, reason }) => `${(reason === null ? "applied again" : "lost").padEnd(16)} ${printable(file)}${reason === null ? "" : `  (${printable(reason)})`}`),
    ...(data.roundTrips ?? []).map((trip) => `${trip.outcome === "same" ? "ok    " : "not ok"} ${describeTrip(trip)}`),
    ...(data.failure?.excerpt ? ["", `${printable(data.failure.file)}:${data.failure.line}:${data.failure.column}`, data.failure.excerpt] : []),
  ].join("\n");
}

function lines(planned: PlannedRollback, status: RollbackStatus): string[] {
  const { version, name, file, inTransaction, reason, losses, takesAlong } = planned;
  const how = reason ?? (inTransaction ? "in one transaction" : "statement by statement");
  return [
    `${word(planned, status).padEnd(16)} ${version} ${printable(name)}${file === null ? "" : `: ${printable(file)}`}  (${how})`,
    ...losses.map((loss) => `  ${loss.line}: ${describeLoss(loss)}`),
    ...takesAlong.map((taken) => `  may take along ${describeTaken(taken)}`),
  ];
}

function word({ version, way }: PlannedRollback, { action, rolledBackNow, failure }: RollbackStatus): string {
  if (way === "refuse") return "cannot roll back";
  if (rolledBackNow.some((one) => one.version === version)) return way === "record" ? "recorded" : "rolled back";
  if (failure?.version === version) return "failed";
  if (action !== "dry-run") return "not rolled back";
  return way === "record" ? "would record" : "would roll back";
}
