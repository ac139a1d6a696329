import * as v from "valibot";
import type { Manifest } from "../manifest.ts";
import { schemaOf } from "./schema-of.ts";

const name = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/));
const names = v.array(name);
const duration = v.pipe(v.string(), v.regex(/^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$/));

export const manifestSchema: v.GenericSchema<unknown, Manifest> = schemaOf<Manifest>()(
  v.strictObject({
    summary: v.pipe(v.string(), v.regex(/^[A-Z].*[^.]$/)),
    target: name,
    after: names,
    waitsFor: v.exactOptional(names),
    services: names,
    permission: v.pipe(v.string(), v.values(["read", "write", "admin"])),
    expected: duration,
    timeout: duration,
    report: v.exactOptional(v.pipe(v.string(), v.regex(/^[a-z]+(_[a-z]+)*$/))),
  }),
);
