import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { ensureDebianPackages } from "../../scripts/lib/toolchain.mjs";

export interface PrivateCa {
  /** PEM file for CODEX_CA_CERTIFICATE, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  readonly ca: string;
  /** For a TLS server under any of the hosts, and under 127.0.0.1. */
  readonly tls: { readonly key: string; readonly cert: string };
}

/** Creates a certificate authority in `folder`, valid for a day, and one certificate for all `hosts`. */
export function createPrivateCa(folder: string, hosts: readonly string[]): PrivateCa {
  ensureDebianPackages({ openssl: "/usr/bin/openssl" });
  const file = (name: string) => join(folder, name);
  const names = [...hosts.map((host) => `DNS:${host}`), "DNS:localhost", "IP:127.0.0.1"];
  writeFileSync(
    file("openssl.cnf"),
    [
      "[req]\nprompt=no\ndistinguished_name=name\n[name]\nCN=Sign in with ChatGPT tests",
      "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash",
      "[leaf]\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth",
      `subjectAltName=${names.join(",")}\n`,
    ].join("\n"),
  );
  const request = (extensions: string, name: string, ...more: string[]) => {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file(`${name}.key`)];
    const config = [
      "-config",
      file("openssl.cnf"),
      "-extensions",
      extensions,
      "-days",
      "1",
      "-out",
      file(`${name}.pem`),
    ];
    execFileSync("openssl", ["req", "-x509", ...key, ...config, ...more], { stdio: "pipe" });
  };
  request("ca", "ca");
  request("leaf", "leaf", "-CA", file("ca.pem"), "-CAkey", file("ca.key"));
  const read = (name: string) => readFileSync(file(name), "utf8");
  return { caFile: file("ca.pem"), ca: read("ca.pem"), tls: { key: read("leaf.key"), cert: read("leaf.pem") } };
}
