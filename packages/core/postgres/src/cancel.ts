import { Socket } from "node:net";
import type { TlsOptions } from "./tls.ts";
import type { PostgresAddress } from "./url.ts";

export interface CancelTarget {
  /** The connected client whose running statement is to end. */
  readonly session: object;
  readonly address: PostgresAddress;
  readonly tls: TlsOptions;
}

/**
 * Asks the server to stop the session's running statement, over a second connection as the protocol wants it. Ends when
 * the server has taken the request, after a second without a sign of it at the latest; never rejects, because the
 * server owes no answer and whoever asks closes the session anyway.
 */
export async function cancelStatement({ session, address, tls }: CancelTarget): Promise<void> {
  const { processID, secretKey } = session as { processID: number; secretKey: number };
  const { default: pg } = await import("pg");
  const socket = new Socket();
  const connection = new pg.Connection({ ssl: tls, stream: () => socket }) as unknown as CancelConnection;
  await new Promise<void>((resolve) => {
    const send = (): void => connection.cancel(processID, secretKey);
    connection.on("connect", () => (tls === false ? send() : connection.requestSsl()));
    connection.on("sslconnect", send);
    connection.on("error", () => socket.destroy());
    connection.on("end", resolve);
    socket.setTimeout(1000, () => socket.destroy());
    if (address.host.startsWith("/")) connection.connect(`${address.host}/.s.PGSQL.${address.port}`);
    else connection.connect(address.port, address.host);
  });
  socket.destroy();
}

/** The part of node-postgres' protocol layer that its published types leave out. */
interface CancelConnection {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  on(event: "connect" | "sslconnect" | "end" | "error", listener: () => void): void;
}
