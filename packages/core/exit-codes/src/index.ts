export { exitCodeMeanings, exitCodes, worstExitCode, type ExitCode, type ExitCodeName } from "./exit-codes.ts";
export { isScriptError, ScriptError, type ScriptErrorOptions } from "./script-error.ts";
