import { runProcess } from "./run-process.ts";

/** Where PEM files go. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a key and a certificate that vouches for itself, for the name localhost and 30 days. */
export async function makeCertificate({ certificate, key }: CertificateFiles): Promise<void> {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", ...subject];
  const { exitCode, stderr } = await runProcess("openssl", [...request, "-keyout", key, "-out", certificate]);
  if (exitCode !== 0) throw new Error(`openssl failed: ${stderr}`);
}
