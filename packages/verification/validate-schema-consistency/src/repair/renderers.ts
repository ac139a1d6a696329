import type { Fact, Kind } from "@org/postgres/schema";
import { columns } from "./kinds/columns.ts";
import { constraints } from "./kinds/constraints.ts";
import { database, memberships, parameters, roles, roleSettings, server, tablespaces } from "./kinds/cluster.ts";
import { accessMethods, collations, defaultPrivileges, extensions, languages, schemas, settings, statistics, transforms } from "./kinds/database.ts";
import { servers, userMappings, wrappers } from "./kinds/foreign.ts";
import { indexes } from "./kinds/indexes.ts";
import { casts, conversions, operatorClasses, operatorFamilies, operators } from "./kinds/operators.ts";
import { publications, subscriptions } from "./kinds/replication.ts";
import { aggregates, functions, procedures } from "./kinds/routines.ts";
import { sequences } from "./kinds/sequences.ts";
import { tables } from "./kinds/tables.ts";
import { configurations, dictionaries, parsers, templates } from "./kinds/text-search.ts";
import { eventTriggers, policies, rules, triggers } from "./kinds/triggers.ts";
import { domains, types } from "./kinds/types.ts";
import { materializedViews, views } from "./kinds/views.ts";
import type { Renderer } from "./renderer.ts";
import { cannot } from "./statement.ts";

const byKind: Partial<Record<Kind, Renderer>> = {
  schema: schemas,
  table: tables,
  column: columns,
  constraint: constraints,
  index: indexes,
  sequence: sequences,
  view: views,
  "materialized view": materializedViews,
  rule: rules,
  function: functions,
  procedure: procedures,
  aggregate: aggregates,
  trigger: triggers,
  "event trigger": eventTriggers,
  policy: policies,
  type: types,
  domain: domains,
  collation: collations,
  operator: operators,
  "operator class": operatorClasses,
  "operator family": operatorFamilies,
  cast: casts,
  conversion: conversions,
  language: languages,
  "text search configuration": configurations,
  "text search dictionary": dictionaries,
  "text search parser": parsers,
  "text search template": templates,
  transform: transforms,
  "access method": accessMethods,
  database,
  role: roles,
  membership: memberships,
  "role setting": roleSettings,
  parameter: parameters,
  server,
  tablespace: tablespaces,
  statistics,
  extension: extensions,
  publication: publications,
  subscription: subscriptions,
  "foreign data wrapper": wrappers,
  "foreign server": servers,
  "user mapping": userMappings,
  "default privileges": defaultPrivileges,
  setting: settings,
};

/** How objects of the kind are written; one that nobody has written yet says so for every change. */
export function rendererOf({ kind }: Pick<Fact, "kind">): Renderer {
  return byKind[kind] ?? unwritten(kind);
}

function unwritten(kind: Kind): Renderer {
  const none = cannot(`no statements are known for a ${kind}`);
  return { phase: 0, reference: ({ name }) => `${kind.toUpperCase()} ${name}`, create: () => none, drop: () => none, alter: () => none };
}
