import { withClient } from "@org/postgres";
import { migrate } from "postgres-migrations";

/** Applies a folder as the library does by itself. */
export async function runMigrations(url: string, folder: string): Promise<void> {
  await withClient({ url, applicationName: "test" }, async (client) => void (await migrate({ client: client as never }, folder)));
}
