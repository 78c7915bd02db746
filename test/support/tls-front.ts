import { readFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { type Environment, run } from "./processes.ts";

/** The shared service behind TLS, as clients meet it in production. */
export interface TlsFront {
  /** Host and port. */
  host: string;
  /** What makes curl and HTTPie trust its certificate. */
  trust: Environment;
  close(): void;
}

/** Puts TLS in front of a service, with a certificate made for it in `dir`. */
export async function startTlsFront(serviceUrl: string, dir: string): Promise<TlsFront> {
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const made = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-keyout", key, "-out", cert],
  ]);
  if (made.code !== 0) throw new Error(`openssl made no certificate:\n${made.stderr}`);
  const { hostname, port } = new URL(serviceUrl);
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createServer(options, (client) => {
    const service = connect(Number(port), hostname);
    client.pipe(service).pipe(client);
    for (const socket of [client, service]) socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    trust: { CURL_CA_BUNDLE: cert, REQUESTS_CA_BUNDLE: cert },
    close: () => server.close(),
  };
}
