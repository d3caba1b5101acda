import { type Command, InvalidArgumentError } from "commander";
import { TOOLSTACKS } from "../provider/plan/toolstack-name";

/** The options of a command that logs in to a host: what the input `host` of a resource has, but secrets. */
export interface LoginOptions {
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  readonly hostKey?: string;
  readonly proxyJump?: string;
  readonly sudo?: boolean;
  readonly toolstack?: string;
}

/** Adds the argument `<host>` and the options for the login to a command. */
export function withLogin(command: Command): Command {
  return command
    .argument("<host>", "DNS name, IP address or alias of ~/.ssh/config; user@ may stand before it")
    .option("-p, --port <number>", "port of its SSH server", readPort)
    .option("-l, --user <name>", "user to log in as")
    .option("-i, --identity-file <path>", "private key")
    .option("--host-key <fingerprint>", "its host key, SHA256:…")
    .option("-J, --proxy-jump <hosts>", "hosts to go through")
    .option("--sudo", "become root by sudo")
    .option("--toolstack <name>", `its toolstack (${TOOLSTACKS.join(", ")}); detected unless given`);
}

/** The input `host` of a resource, not checked yet. */
type Host = { readonly [name in keyof LoginOptions]: LoginOptions[name] | undefined } & { readonly address: string };

/** The input `host` of a resource that logs in as the arguments of a command say. */
export function hostOf(host: string, options: LoginOptions): Host {
  const { port, user, identityFile, hostKey, proxyJump, sudo, toolstack } = options;
  const [, userBefore, address = host] = /^(?:(.*)@)?([^@]*)$/.exec(host) ?? [];
  return { address, port, user: user ?? userBefore, identityFile, hostKey, proxyJump, sudo, toolstack };
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("Expected a port number.");
  return Number(text);
}
