import type { PostgresClient } from "@org/postgres";
import { fail, limitOf, pass, warn, type Check, type Finding, type Occurrence } from "@org/script";
import type { SnapshotScope } from "@org/postgres/schema";
import { judgeCompiling } from "./compiles.ts";
import { judgeIdColumns } from "./id-columns.ts";
import { fullMonth, indexUse, judgeIndexUse, redundantIndexes, type IndexUse } from "./indexes.ts";
import { judgeSequencePositions } from "./sequence-positions.ts";
import { judgeValueLists } from "./value-lists.ts";
import { disabledTriggers, duplicateIndexes, foreignKeyTypes, invalidIndexes, tablesWithoutKey, unindexedForeignKeys, unvalidatedConstraints } from "./queries.ts";
import { judgeSequences, sequenceQuery, type SequenceRow } from "./sequences.ts";

type Client = { readonly client: PostgresClient };

export interface ConsistencyScope extends SnapshotScope {
  /** `thresholds` of the config, by the id of the check. */
  readonly limits?: Readonly<Record<string, number>> | undefined;
}

/** A question whose answer is a list of objects: none is good. */
interface ListCheck {
  readonly id: string;
  readonly title: string;
  /** `$1` is the state schema, `$2` the schemas to look at; gives `object`, and `grave` where the object alone makes it a failure. */
  readonly sql: string;
  readonly good: string;
  readonly bad: string;
  readonly remedy: string;
}

// What is broken fails; what works and costs time, disk or safety is a warning, because a schema may have its reasons.
const lists: readonly ListCheck[] = [
  {
    id: "consistency.primary-keys",
    title: "Every table has a primary key",
    sql: tablesWithoutKey,
    good: "every table has one",
    bad: "without primary key",
    remedy: "Add one: logical replication, upserts and many tools need it.",
  },
  {
    id: "consistency.foreign-key-types",
    title: "Foreign keys have the types that they refer to",
    sql: foreignKeyTypes,
    good: "every column has the type that it refers to",
    bad: "of other types",
    remedy: "Change the column to the type that it refers to; a narrower one cannot hold every key.",
  },
  {
    id: "consistency.foreign-key-indexes",
    title: "Foreign keys have an index",
    sql: unindexedForeignKeys,
    good: "every foreign key has one",
    bad: "without index",
    remedy: "Create an index on the columns: each delete or key change on the other side reads the whole table without it.",
  },
  {
    id: "consistency.valid-indexes",
    title: "Every index is valid",
    sql: invalidIndexes,
    good: "every index is valid",
    bad: "invalid",
    remedy: "Build it again with REINDEX INDEX CONCURRENTLY, or drop it: a build that failed left it, it is never read and slows each write.",
  },
  {
    id: "consistency.duplicate-indexes",
    title: "No index is there twice",
    sql: duplicateIndexes,
    good: "no two are alike",
    bad: "alike",
    remedy: "Drop all but one of them: each costs disk and slows each write.",
  },
  {
    id: "consistency.redundant-indexes",
    title: "No index is the beginning of another",
    sql: redundantIndexes,
    good: "none is",
    bad: "redundant",
    remedy: "Drop it: the other one answers the same questions, and each costs disk and slows each write.",
  },
  {
    id: "consistency.valid-constraints",
    title: "Every constraint is validated",
    sql: unvalidatedConstraints,
    good: "every constraint holds for all rows",
    bad: "not validated",
    remedy: "Run ALTER TABLE ... VALIDATE CONSTRAINT: older rows may break it until then.",
  },
  {
    id: "consistency.enabled-triggers",
    title: "Every trigger is enabled",
    sql: disabledTriggers,
    good: "every trigger is enabled",
    bad: "disabled",
    remedy: "Enable it with ALTER TABLE ... ENABLE TRIGGER, or drop it.",
  },
];

/** Questions that the live schema answers by itself. */
export function consistencyChecks({ stateSchema, include, limits = {} }: ConsistencyScope): readonly Check<Client>[] {
  const values = [stateSchema, include ?? null];
  const ask = (id: string, title: string, judge: (client: PostgresClient, values: readonly unknown[]) => Promise<Finding>): Check<Client> => ({
    id: `consistency.${id}`,
    title,
    run: ({ client }) => judge(client, values),
  });
  return [
    ...lists.map((list): Check<Client> => ({ id: list.id, title: list.title, run: ({ client }) => runList(client, list, values) })),
    {
      id: "consistency.sequences",
      title: "Sequences have room",
      run: async ({ client }) => judgeSequences((await client.query<SequenceRow>(sequenceQuery, values)).rows, limits["consistency.sequences"]),
    },
    ask("sequence-positions", "Sequences are past what their column has", judgeSequencePositions),
    {
      id: "consistency.unused-indexes",
      title: "Every index is read",
      run: async ({ client }) => judgeIndexUse((await client.query<IndexUse>(indexUse, values)).rows[0]!, limitOf({ thresholds: limits }, "consistency.unused-indexes", fullMonth)),
    },
    ask("id-columns", "Ids are not kept as text", judgeIdColumns),
    ask("value-lists", "Lists of values agree", judgeValueLists),
    ask("compiles", "Functions and views compile", judgeCompiling),
  ];
}

interface ListRow {
  readonly object: string;
  readonly grave?: boolean;
}

async function runList(client: PostgresClient, { id, sql, good, bad, remedy }: ListCheck, values: readonly unknown[]): Promise<Finding> {
  const { rows } = await client.query<ListRow>(sql, values);
  if (rows.length === 0) return pass(good);
  const evidence = `${bad}: ${rows.map(({ object }) => object).join(", ")}`;
  const occurrences = rows.map(({ object, grave }): Occurrence => ({ rule: id, level: grave === true ? "error" : "warning", message: `${bad}: ${object}`, object, remedy }));
  return (rows.some(({ grave }) => grave === true) ? fail : warn)(evidence, remedy, { value: rows.length, unit: "count", occurrences });
}

