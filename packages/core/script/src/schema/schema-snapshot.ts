import type { StoredReading } from "@org/postgres/schema";
import * as v from "valibot";

const text = v.pipe(v.string(), v.nonEmpty());
const row = v.looseObject({ name: text });

/** As any release may write it: which kinds there are is for the one that reads it to say. */
interface FileOfSnapshot extends Omit<StoredReading, "rows" | "unread"> {
  readonly rows: readonly { readonly kind: string; readonly row: { readonly name: string } }[];
  readonly unread: readonly { readonly kind: string; readonly reason: string }[];
}

/** The file that validate-schema-consistency writes and compares with. */
export const schemaSnapshotSchema: v.GenericSchema<unknown, FileOfSnapshot> = v.looseObject({
  snapshotFormat: v.pipe(v.number(), v.integer(), v.minValue(1)),
  serverVersion: v.pipe(v.number(), v.integer()),
  clusterWide: v.boolean(),
  unread: v.array(v.object({ kind: text, object: v.nullable(v.string()), property: v.nullable(v.string()), reason: v.string() })),
  rows: v.array(v.strictObject({ kind: text, row })),
});
