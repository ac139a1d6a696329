import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withTempFolder } from "@org/testkit";

/** A folder for one platform, with every folder that a script may write to inside it. */
export interface Place {
  readonly folder: string;
  /** The working directory, with the config and the migrations. */
  readonly project: string;
  readonly stateDir: string;
  readonly reportDir: string;
  readonly tempDir: string;
  readonly metricsFile: string;
  /** Sends everything that a script writes into this place. */
  readonly env: Readonly<Record<string, string>>;
}

/** A small platform: two migrations, one extension, one file of functions, and the config that you name. */
export async function withPlace<T>(test: (place: Place) => Promise<T>, config: string = plainConfig): Promise<T> {
  return withTempFolder(async (folder) => {
    const place = describePlace(folder);
    for (const name of [join(place.project, "migrations"), join(folder, "home"), place.tempDir]) await mkdir(name, { recursive: true });
    const files = { ...projectFiles, "platform.config.mjs": config };
    for (const [name, text] of Object.entries(files)) await writeFile(join(place.project, name), text);
    return test(place);
  });
}

function describePlace(folder: string): Place {
  const [project, stateDir, reportDir, tempDir] = ["project", "state", "reports", "tmp"].map((name) => join(folder, name)) as [string, string, string, string];
  const metricsFile = join(folder, "metrics", "scripts.prom");
  const home = join(folder, "home");
  const env = { HOME: home, XDG_STATE_HOME: join(home, "state"), TMPDIR: tempDir, STATE_DIR: stateDir, REPORT_DIR: reportDir, METRICS_FILE: metricsFile };
  return { folder, project, stateDir, reportDir, tempDir, metricsFile, env };
}

/**
 * A config with these checks, as the source of a list. Its limits let a benchmark succeed on a machine that does other work
 * and with a cache that others use: what is held against the contract here is not its figures.
 */
export function configWith(checks: string): string {
  return `export default {
  database: { schemas: ["shop"] },
  extensions: [{ name: "citext", schema: "shop" }],
  extensionFiles: ["functions.sql"],
  schema: { include: ["shop"] },
  thresholds: { "perf.machine": 100, "perf.foreign": 100, "perf.generator": 0 },
  checks: ${checks},
};
`;
}

const plainConfig = configWith("[]");

const projectFiles = {
  "migrations/1_create_customers.up.sql": "CREATE TABLE shop.customers (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, email text NOT NULL UNIQUE);\n",
  "migrations/1_create_customers.down.sql": "DROP TABLE shop.customers;\n",
  "migrations/2_create_orders.up.sql":
    "CREATE TABLE shop.orders (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, customer_id bigint NOT NULL REFERENCES shop.customers (id));\nCREATE INDEX orders_customer_id ON shop.orders (customer_id);\n",
  "migrations/2_create_orders.down.sql": "DROP TABLE shop.orders;\n",
  "functions.sql": "CREATE OR REPLACE FUNCTION shop.one() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1; END $$;\n",
};
