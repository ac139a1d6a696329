export { parseAclItem } from "./acl.ts";
export { compareSnapshots } from "./compare.ts";
export { severities, type Comparison, type Difference, type Fact, type Kind, type Severity, type Snapshot, type Unknown, type Unread } from "./model.ts";
export { listItems, optionsOf } from "./option-list.ts";
export { parseReading, storeRawReading, storeReading, type StoredReading } from "./stored-reading.ts";
export type { PlannedReading } from "./planned-reading.ts";
export type { Row } from "./to-fact.ts";
export { planReading, readCatalogs, readInTransaction, readRaw, toReading, toSnapshot, type Part, type RawReading, type Reading, type ReadingOptions, type SnapshotScope } from "./read-snapshot.ts";
