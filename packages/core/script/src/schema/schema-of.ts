import type { GenericSchema, InferOutput } from "valibot";

type Plain<T> = T extends (...args: never) => unknown
  ? T
  : T extends object
    ? { -readonly [Key in keyof T]: Plain<T[Key]> }
    : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Ties a schema to the interface that the code uses: `schemaOf<Report>()(v.strictObject(...))` compiles only while both
 * say the same, apart from `readonly`. The result hides the schema's own type.
 */
export function schemaOf<Type>(): <Schema extends GenericSchema>(
  schema: Same<Plain<InferOutput<Schema>>, Plain<Type>> extends true ? Schema : never,
) => GenericSchema<unknown, Type> {
  return (schema) => schema as unknown as GenericSchema<unknown, Type>;
}
