import { columns } from "./columns.ts";
import { constraints, indexes, statistics } from "./constraints.ts";
import {
  defaultPrivileges,
  extensions,
  foreignDataWrappers,
  foreignServers,
  publications,
  settings,
  subscriptions,
  userMappings,
} from "./database.ts";
import type { Family } from "./family.ts";
import { rules, schemas, sequences, tables, views } from "./relations.ts";
import { eventTriggers, languages, policies, routines, triggers } from "./routines.ts";
import {
  casts,
  collations,
  conversions,
  domains,
  operatorClasses,
  operatorFamilies,
  operators,
  textSearchConfigurations,
  textSearchDictionaries,
  types,
} from "./types.ts";

/** Everything that a snapshot reads. */
export const families: readonly Family[] = [
  schemas,
  tables,
  columns,
  constraints,
  indexes,
  sequences,
  views,
  rules,
  routines,
  triggers,
  eventTriggers,
  policies,
  types,
  domains,
  collations,
  operators,
  operatorClasses,
  operatorFamilies,
  casts,
  conversions,
  languages,
  textSearchConfigurations,
  textSearchDictionaries,
  statistics,
  extensions,
  publications,
  subscriptions,
  foreignDataWrappers,
  foreignServers,
  userMappings,
  defaultPrivileges,
  settings,
];
