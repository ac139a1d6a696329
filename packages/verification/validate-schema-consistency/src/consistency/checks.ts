import type { PostgresClient } from "@org/postgres";
import { fail, pass, warn, type Check, type Finding } from "@org/script";
import type { SnapshotScope } from "@org/postgres/schema";
import { disabledTriggers, duplicateIndexes, foreignKeyTypes, invalidIndexes, tablesWithoutKey, unindexedForeignKeys, unvalidatedConstraints } from "./queries.ts";
import { judgeSequences, sequenceQuery, type SequenceRow } from "./sequences.ts";

type Client = { readonly client: PostgresClient };

export interface ConsistencyScope extends SnapshotScope {
  /** Percent of its range from which on a sequence fails; 90 unless told. */
  readonly sequenceLimit?: number | undefined;
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
export function consistencyChecks({ stateSchema, include, sequenceLimit }: ConsistencyScope): readonly Check<Client>[] {
  const values = [stateSchema, include ?? null];
  return [
    ...lists.map((list): Check<Client> => ({ id: list.id, title: list.title, run: ({ client }) => runList(client, list, values) })),
    {
      id: "consistency.sequences",
      title: "Sequences have room",
      run: async ({ client }) => judgeSequences((await client.query<SequenceRow>(sequenceQuery, values)).rows, sequenceLimit),
    },
  ];
}

interface ListRow {
  readonly object: string;
  readonly grave?: boolean;
}

async function runList(client: PostgresClient, { sql, good, bad, remedy }: ListCheck, values: readonly unknown[]): Promise<Finding> {
  const { rows } = await client.query<ListRow>(sql, values);
  if (rows.length === 0) return pass(good);
  const evidence = `${bad}: ${rows.map(({ object }) => object).join(", ")}`;
  return (rows.some(({ grave }) => grave === true) ? fail : warn)(evidence, remedy, { value: rows.length, unit: "count" });
}

