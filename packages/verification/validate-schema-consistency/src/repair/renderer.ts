import type { Fact, Kind } from "@org/postgres/schema";
import type { Side } from "./side.ts";
import type { Written } from "./statement.ts";

/** What a renderer may know beside the object itself. */
export interface Situation {
  /** The database as the statements find it. */
  readonly before: Side;
  /** The database as they leave it. */
  readonly after: Side;
  /** Whether the statements make this relation or type, from nothing or again. */
  readonly makes: (kind: Kind, name: string) => boolean;
  /** Whether this property is to change as well. */
  readonly changes: (kind: Kind, name: string, property: string) => boolean;
  /** Whether child tables have the object too, and theirs are to stay as they are. */
  readonly sparesChildren: (fact: Fact, property: string) => boolean;
}

export interface Change {
  readonly property: string;
  readonly from: string | null;
  readonly to: string | null;
  /** The object as it is. */
  readonly old: Fact;
  /** The object as it is to be. */
  readonly fact: Fact;
}

/** How the objects of one kind are written. Owner, privileges and comment are the same for all kinds and no part of it, unless it is `bare`. */
export interface Renderer {
  readonly bare?: true;
  /** The object as DROP, COMMENT ON and ALTER ... OWNER TO name it, such as `TABLE shop.orders`. */
  readonly reference: (fact: Fact, side: Side) => string;
  /** The object as GRANT names it; absent where it is as `reference` says or nobody can grant anything. */
  readonly grantable?: (fact: Fact, side: Side) => string;
  /** Where it is made among the kinds: lower comes first; it is dropped in the opposite order. */
  readonly phase: number;
  readonly create: (fact: Fact, situation: Situation) => Written;
  /** DROP and the reference, losing nothing, unless told. */
  readonly drop?: (fact: Fact, situation: Situation) => Written;
  /** What no handler knows is dropped and made again. */
  readonly alter?: (change: Change, situation: Situation) => Written;
  /** Where a change of this property stands among the kinds; `phase` unless told. */
  readonly alterPhase?: (change: Change) => number;
}

/** When the kinds are made. What depends on what is found out of the statements; this orders the rest as a person would. */
export const phases = {
  detach: -1000,
  beforeAll: 5,
  schema: 10,
  language: 15,
  extension: 20,
  collation: 30,
  textSearch: 34,
  type: 40,
  operatorFamily: 48,
  routine: 50,
  operator: 54,
  operatorClass: 56,
  cast: 58,
  conversion: 58,
  foreign: 60,
  sequence: 65,
  table: 70,
  column: 75,
  columnChange: 76,
  ownedBy: 80,
  constraint: 90,
  index: 100,
  view: 105,
  attach: 110,
  statistics: 115,
  foreignKey: 120,
  enforcement: 125,
  rule: 130,
  trigger: 140,
  policy: 150,
  publication: 160,
  defaultPrivileges: 170,
  setting: 180,
  eventTrigger: 190,
} as const;
