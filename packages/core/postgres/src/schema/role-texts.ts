import type { RoleName, Row } from "./to-fact.ts";

/** The properties that name roles within a text, with each role under its other name. */
export function rolesInText(row: Row, roleName: RoleName): Record<string, string> {
  const [sequence, members] = [row["grants on its sequence"], row["grants on its members"]];
  return {
    ...(typeof sequence === "string" && { "grants on its sequence": sequence.split(/, (?=[A-Z]+ to )/u).map((grant) => renamed(grant, " to ", roleName)).sort().join(", ") }),
    ...(typeof members === "string" && { "grants on its members": members.split("; ").map((change) => ofMember(change, roleName)).join("; ") }),
  };
}

/** `function f(text): -EXECUTE of public, +EXECUTE of reader`. */
function ofMember(change: string, roleName: RoleName): string {
  const at = change.indexOf(": ") + 2;
  return change.slice(0, at) + change.slice(at).split(/, (?=[+-][A-Z]+ of )/u).map((grant) => renamed(grant, " of ", roleName)).sort().join(", ");
}

function renamed(grant: string, word: string, roleName: RoleName): string {
  const at = grant.indexOf(word) + word.length;
  const role = grant.slice(at);
  return grant.slice(0, at) + (role === "public" ? role : roleName(role));
}
