import * as v from "valibot";
import { expect, test } from "vitest";
import { schemaOf } from "./schema-of.ts";

interface Sample {
  readonly name: string;
  readonly tags?: readonly string[];
}

test("a schema that says the same as the interface is accepted; the type check refuses every other one", () => {
  const name = v.string();
  const tags = v.exactOptional(v.array(v.string()));
  const schemas = [
    schemaOf<Sample>()(v.strictObject({ name, tags })),
    // @ts-expect-error a key is missing
    schemaOf<Sample>()(v.strictObject({ name })),
    // @ts-expect-error a key is too many
    schemaOf<Sample>()(v.strictObject({ name, tags, more: tags })),
    // @ts-expect-error a key has another type
    schemaOf<Sample>()(v.strictObject({ name, tags: v.exactOptional(v.array(v.number())) })),
    // @ts-expect-error a key is optional in the interface only
    schemaOf<Sample>()(v.strictObject({ name, tags: v.array(v.string()) })),
  ];
  expect(schemas).toHaveLength(5);
});
