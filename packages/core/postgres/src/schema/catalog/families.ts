import { database, memberships, parameters, roleSettings, roles, subscriptions, tablespaces } from "./cluster.ts";
import { columns } from "./columns.ts";
import { constraints, indexes, statistics } from "./constraints.ts";
import { cronJobs, defaultPrivileges, foreignDataWrappers, foreignServers, publications, settings, userMappings } from "./database.ts";
import { extensions } from "./extensions.ts";
import type { Family } from "./family.ts";
import { operatorClasses, operatorFamilies, operators } from "./operators.ts";
import { rules, schemas, sequences, tables, views } from "./relations.ts";
import { accessMethods, eventTriggers, languages, policies, routines, transforms, triggers } from "./routines.ts";
import { textSearchConfigurations, textSearchDictionaries, textSearchParsers, textSearchTemplates } from "./text-search.ts";
import { casts, collations, conversions, domains, types } from "./types.ts";

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
  transforms,
  accessMethods,
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
  statistics,
  extensions,
  publications,
  foreignDataWrappers,
  foreignServers,
  userMappings,
  defaultPrivileges,
  settings,
  cronJobs,
  database,
  roles,
  memberships,
  roleSettings,
  parameters,
  tablespaces,
  subscriptions,
];
