import pg from "pg";

/** The rows of one statement. */
export async function query<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** The first value of the first row. */
export async function scalar(url: string, statement: string): Promise<unknown> {
  return Object.values((await query(url, statement))[0] ?? {})[0];
}

/** Runs the statements one after the other, outside of a transaction. */
export async function execute(url: string, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await query(url, statement);
}
