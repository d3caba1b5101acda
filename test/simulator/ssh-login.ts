import { readFileSync } from "node:fs";
import { Client, type ConnectConfig } from "ssh2";
import type { SimulatedHost } from "../../simulator";

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when the connection ended first. */
  readonly exitCode: number | undefined;
}

/** Logs in with the host's key, as anyone would, unless `how` says otherwise. */
export async function login(host: SimulatedHost, how: ConnectConfig = {}): Promise<Client> {
  const client = new Client();
  client.on("error", () => {}); // A cut connection is what some tests are about.
  const key = how.password === undefined ? { privateKey: readFileSync(host.identityFile) } : {};
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve).once("error", (error) => {
      client.end();
      reject(error);
    });
    client.connect({ host: host.address, port: host.port, username: host.user, ...key, ...how });
  });
  return client;
}

/** One command on an open connection, its input ended. */
export function run(client: Client, command: string, stdin = ""): Promise<Ran> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let stdout = "";
      let stderr = "";
      let exitCode: number | undefined;
      channel.on("data", (data: Buffer) => {
        stdout += data.toString("latin1");
      });
      channel.stderr.on("data", (data: Buffer) => {
        stderr += data.toString("latin1");
      });
      channel.on("exit", (code: number) => {
        exitCode = code;
      });
      channel.on("close", () => resolve({ stdout, stderr, exitCode }));
      channel.end(Buffer.from(stdin, "latin1"));
    });
  });
}

/** The way the product sends scripts. */
export const SCRIPT = '/bin/sh -s -- "$SSH_CONNECTION"';
