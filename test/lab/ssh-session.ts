import { createHash } from "node:crypto";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "ssh2";
import type { CommandResult } from "../contract/test-host";

const REACHABLE_MS = 15 * 60_000;

export interface SessionOptions {
  readonly port: number;
  readonly identityFile: string;
  readonly hostKey: string;
  /** Why waiting for the host is of no use any more; undefined while it may come. */
  readonly lost: () => string | undefined;
}

/**
 * Commands as root on a lab host. An emulated host answers late, and not at all while it boots: every command waits for
 * it.
 */
export class SshSession {
  private connection: Promise<Client> | undefined;

  constructor(private readonly options: SessionOptions) {}

  /** Throws when the host is not reached within 15 minutes, and when the connection ends before the command does. */
  async exec(command: string): Promise<CommandResult> {
    this.connection ??= this.connect();
    const connection = this.connection;
    try {
      return await execOn(await connection, command);
    } catch (error) {
      if (this.connection === connection) this.close();
      throw error;
    }
  }

  /** Throws as well when the command fails. */
  async succeed(command: string): Promise<void> {
    const { exitCode, stderr } = await this.exec(command);
    if (exitCode !== 0) throw new Error(`exit code ${exitCode} of ${command}:\n${stderr}`);
  }

  /** The next command opens a new connection. */
  close(): void {
    this.connection?.then(
      (client) => client.destroy(),
      () => {},
    );
    this.connection = undefined;
  }

  private async connect(): Promise<Client> {
    const deadline = Date.now() + REACHABLE_MS;
    for (;;) {
      const reason = this.options.lost();
      if (reason !== undefined) throw new Error(`unable to reach the lab host: ${reason}`);
      try {
        return await this.tryToConnect();
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`the lab host did not answer within 15 minutes: ${error}`);
      }
      await sleep(500);
    }
  }

  private tryToConnect(): Promise<Client> {
    const { port, identityFile, hostKey } = this.options;
    const client = new Client();
    return new Promise((resolve, reject) => {
      client.on("ready", () => resolve(client));
      client.on("error", reject);
      client.on("close", () => {
        this.connection = undefined;
        reject(new Error("connection closed"));
      });
      client.connect({
        host: "127.0.0.1",
        port,
        username: "root",
        privateKey: fs.readFileSync(identityFile),
        algorithms: { serverHostKey: ["ssh-ed25519"] },
        hostVerifier: (key: Buffer) => `SHA256:${createHash("sha256").update(key).digest("base64")}` === `${hostKey}=`,
        readyTimeout: 60_000,
        keepaliveInterval: 30_000,
        keepaliveCountMax: 20,
      });
    });
  }
}

function execOn(client: Client, command: string): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const cut = (): void => reject(new Error(`the connection ended before the command did: ${command}`));
    client.once("close", cut);
    client.exec(command, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      let stdout = "";
      let stderr = "";
      let exitCode: number | null | undefined;
      channel.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      channel.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      channel.on("exit", (code: number | null) => {
        exitCode = code;
      });
      channel.on("close", () => {
        client.off("close", cut);
        if (exitCode === undefined) cut();
        else resolve({ exitCode, stdout, stderr });
      });
    });
  });
}
