import { suggest } from "@org/env";
import { ScriptError } from "@org/exit-codes";

/** The action that was asked for, or the script's first; empty for a script without actions. Throws ScriptError(configuration). */
export function resolveAction({ actions = [] }: { readonly actions?: readonly string[] }, asked: string | undefined): string {
  if (asked === undefined) return actions[0] ?? "";
  if (actions.includes(asked)) return asked;
  const near = suggest(asked, actions);
  throw new ScriptError("configuration", `unknown action ${JSON.stringify(asked)}${near === undefined ? "" : ` (did you mean ${near}?)`}`, {
    hint: actions.length === 0 ? "Leave it out; this script takes no action." : `Use one of ${actions.join(", ")}.`,
  });
}
