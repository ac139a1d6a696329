/** Roles of what is compared with, and the live role that each stands for. */
export type RoleMap = Readonly<Record<string, string>>;

export interface RoleMapOption {
  readonly flag: string;
  readonly config: string;
  readonly description: string;
  readonly default: RoleMap;
  readonly parse: (written: unknown) => RoleMap;
}

export const roleMapOption: RoleMapOption = {
  flag: "--role-map <map>",
  config: "schema.roles",
  description: "roles of what is compared with that stand for live ones, such as dev_owner=app_owner,dev_reader=app_reader",
  default: {},
  parse: parseRoleMap,
};

/** Reads `theirs=live,...`, or the object of the config. Throws an Error that says what was expected. */
function parseRoleMap(written: unknown): RoleMap {
  if (typeof written === "object" && written !== null) return written as RoleMap;
  const pairs = String(written).split(",").map((pair) => pair.split("=").map((part) => part.trim()));
  if (pairs.every(([theirs, live, ...more]) => theirs && live && more.length === 0)) return Object.fromEntries(pairs) as RoleMap;
  throw new Error("expected pairs such as dev_owner=app_owner, with commas between");
}
