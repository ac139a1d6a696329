import * as v from "valibot";
import type { CustomCheck } from "../check.ts";
import type { PlatformConfig } from "../config.ts";
import { schemaOf } from "./schema-of.ts";

const text = v.pipe(v.string(), v.nonEmpty("it is empty"));
const texts = v.array(text);
const port = v.pipe(v.number(), v.integer("a port is an integer"), v.minValue(1, "a port is at least 1"), v.maxValue(65_535, "a port is at most 65535"));

const customCheck = v.strictObject({
  script: text,
  id: v.pipe(text, v.regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'an id is in kebab-case, with dots to group, such as "orders.stuck"')),
  title: text,
  run: v.custom<CustomCheck["run"]>((value) => typeof value === "function", "it must be a function"),
});

const ignored = v.strictObject({
  kind: v.exactOptional(text),
  name: v.exactOptional(text),
  property: v.exactOptional(text),
  reason: text,
});

const hook = v.strictObject({ sql: v.exactOptional(text), command: v.exactOptional(v.pipe(v.array(v.string()), v.minLength(1, "it names no program"))) });
const hooks = v.array(v.pipe(hook, v.check(({ sql, command }) => (sql === undefined) !== (command === undefined), 'it needs either "sql" or "command"')));

export const platformConfigSchema: v.GenericSchema<unknown, PlatformConfig> = schemaOf<PlatformConfig>()(
  v.strictObject({
    databaseUrl: v.exactOptional(text),
    redisUrl: v.exactOptional(text),
    supabaseUrl: v.exactOptional(text),
    environment: v.exactOptional(text),
    database: v.exactOptional(
      v.strictObject({
        name: v.exactOptional(text),
        owner: v.exactOptional(text),
        stateSchema: v.exactOptional(text),
        schemas: v.exactOptional(texts),
        rolePrefix: v.exactOptional(text),
        supabase: v.exactOptional(v.boolean()),
      }),
    ),
    migrations: v.exactOptional(
      v.strictObject({
        directory: v.exactOptional(text),
        layout: v.exactOptional(text),
        lockWait: v.exactOptional(text),
        lockTimeout: v.exactOptional(text),
        lint: v.exactOptional(
          v.strictObject({
            failOn: v.exactOptional(text),
            rules: v.exactOptional(v.record(v.string(), v.picklist(["off", "warn", "error"]))),
          }),
        ),
        hooks: v.exactOptional(v.strictObject({ beforeAll: v.exactOptional(hooks), afterEach: v.exactOptional(hooks), afterAll: v.exactOptional(hooks) })),
        seeds: v.exactOptional(texts),
      }),
    ),
    extensions: v.exactOptional(
      v.array(
        v.strictObject({
          name: text,
          version: v.exactOptional(text),
          schema: v.exactOptional(text),
          required: v.exactOptional(v.boolean()),
          preload: v.exactOptional(v.boolean()),
        }),
      ),
    ),
    extensionFiles: v.exactOptional(texts),
    dependencies: v.exactOptional(
      v.strictObject({
        postgresPort: v.exactOptional(port),
        cachePort: v.exactOptional(port),
        provider: v.exactOptional(v.picklist(["existing", "container", "local", "embedded"])),
        preloadLibraries: v.exactOptional(texts),
      }),
    ),
    schema: v.exactOptional(
      v.strictObject({
        include: v.exactOptional(texts),
        // Without this check an entry of a reason alone would accept every difference.
        ignore: v.exactOptional(
          v.array(v.pipe(ignored, v.check(({ kind, name, property }) => (kind ?? name ?? property) !== undefined, 'it needs a "kind", a "name" or a "property"'))),
        ),
        roles: v.exactOptional(v.record(text, text)),
      }),
    ),
    thresholds: v.exactOptional(v.record(v.string(), v.number())),
    scripts: v.exactOptional(texts),
    checks: v.exactOptional(v.array(customCheck)),
  }),
);
