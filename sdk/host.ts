import * as pulumi from "@pulumi/pulumi";
import type { ToolstackName } from "../provider/plan/toolstack-name";
import { isPlain } from "./plain-value";

/** A host and how to log in to it: the input `host` of every resource. Kept in the state, secrets encrypted. */
export interface HostArgs {
  /**
   * DNS name, IP address or alias of `~/.ssh/config`, which decides what is left out here (HostName, User, Port,
   * IdentityFile, ProxyJump, algorithms and more).
   */
  address: pulumi.Input<string>;
  /**
   * What lines and messages call the host, such as one of several behind one address. Default: its address, or its name
   * among the `hosts` of the provider.
   */
  name?: pulumi.Input<string>;
  /** TCP port of sshd, from 1 to 65535. Default: the ssh config's, else 22. */
  port?: pulumi.Input<number>;
  /**
   * Name of the user to log in as: root, unless `sudo` is set. Default: the ssh config's, else the name of the local
   * user.
   */
  user?: pulumi.Input<string>;
  /**
   * Path of a private key file on the machine that runs Pulumi, such as `~/.ssh/id_ed25519`; unlike `privateKey` it
   * keeps no secret in the state. Default: the ssh config's, else the usual files in `~/.ssh`. Keys of an ssh agent are
   * tried as well.
   */
  identityFile?: pulumi.Input<string>;
  /** The text of a private key in OpenSSH or PEM format. Kept in the state as a secret. Default: none. */
  privateKey?: pulumi.Input<string>;
  /** Password of `user` on the host, tried after the keys. Kept in the state as a secret. Default: none. */
  password?: pulumi.Input<string>;
  /** Passphrase of the private key. Kept in the state as a secret. Default: none. */
  passphrase?: pulumi.Input<string>;
  /**
   * Fingerprint of the host's key, `SHA256:…` as `ssh-keygen -l` prints it. Default: known_hosts decides, and an
   * unknown key is refused.
   */
  hostKey?: pulumi.Input<string>;
  /** Jump hosts, in order: `user@bastion:22`, several separated by commas, or `none`. Default: the ssh config's. */
  proxyJump?: pulumi.Input<string>;
  /**
   * Whether everything runs through `sudo -n /bin/sh`. The user needs NOPASSWD for /bin/sh, which amounts to root.
   * Default: false.
   */
  sudo?: pulumi.Input<boolean>;
  /**
   * What manages the VMs of the host. Default: found out; of several, xapi or xl before libvirt, and xm before xl while
   * xend runs.
   */
  toolstack?: pulumi.Input<ToolstackName>;
  /**
   * Whether a preview fails when it cannot reach the host. Default: false, and it goes on with a warning, as in CI without
   * access.
   */
  strict?: pulumi.Input<boolean>;
  /** Whether the host takes changes back by itself when it cannot be reached after them. Default: see `HostSafety`. */
  safety?: pulumi.Input<HostSafety>;
}

/**
 * A change on trial is confirmed over a new connection as soon as it is made. Where none can be opened, the host takes it
 * back: drivers, files and claims as they were.
 */
export interface HostSafety {
  /**
   * Which changes are on trial: all; those by which the host loses a device at once; of those none but such as a guard
   * refuses and `allow` lets through. Default: `when-taking`.
   */
  confirm?: pulumi.Input<"always" | "when-taking" | "never">;
  /** How long the host waits for the confirmation, from 10 to 3600 seconds. Default: 60. */
  confirmSeconds?: pulumi.Input<number>;
  /**
   * Whether the first boot with a change of what the host boots with is on trial, where its boot loader can go back by
   * itself: it is kept only when a login from outside has confirmed it. `never` does not count where `allow` lets a change
   * through that a guard refuses. Default: `auto`.
   */
  trialBoot?: pulumi.Input<"auto" | "never">;
  /** How long after its start a boot on trial waits for the confirmation, from 120 to 7200 seconds. Default: 600. */
  bootConfirmSeconds?: pulumi.Input<number>;
}

type PlainHost = { [name in keyof HostArgs]?: pulumi.Unwrap<HostArgs[name]> };

const SECRET = ["privateKey", "password", "passphrase"] as const;
const NAMES: readonly (keyof HostArgs)[] = [
  "address",
  "name",
  "port",
  "user",
  "identityFile",
  ...SECRET,
  "hostKey",
  "proxyJump",
  "sudo",
  "toolstack",
  "strict",
  "safety",
];

/** Throws RunError, which Pulumi prints without a stack trace, for a program without types that leaves `host` out. */
export function requireHost(kind: string, name: string, args: { readonly host: unknown } | undefined): void {
  if (args?.host !== undefined && args.host !== null) return;
  throw new pulumi.RunError(
    `Unable to declare the ${kind} "${name}": \`host\` is missing. Set it, such as { address: "xen1.example.com" }.`,
  );
}

/**
 * The same host with its secrets marked, also inside an `Output<HostArgs>`, so that the state never holds them in plain
 * text.
 */
export function withSecrets(host: pulumi.Input<HostArgs>): pulumi.Input<HostArgs> {
  if (pulumi.Output.isInstance(host) || host instanceof Promise) {
    const output = pulumi.output(host);
    return output.apply((known) => {
      const secrets = SECRET.filter((name) => known[name] !== undefined);
      const marked = secrets.map((name) => [name, pulumi.secret(known[name])]);
      return pulumi.output({ ...known, ...Object.fromEntries(marked) });
    }) as pulumi.Output<HostArgs>;
  }
  const marked = SECRET.filter((name) => host[name] !== undefined).map((name) => [name, pulumi.secret(host[name])]);
  return { ...host, ...Object.fromEntries(marked) };
}

/** Whether a secret may be among the plain values of the host: what an output holds is not known yet. */
export function mayHoldSecrets(host: pulumi.Input<HostArgs>): boolean {
  return !isPlainHost(host) || SECRET.some((name) => host[name] !== undefined);
}

/**
 * The host as plain values with what else it holds, secrets included; undefined while any of them waits for another
 * resource.
 */
export async function knownHost(host: pulumi.Input<HostArgs>): Promise<PlainHost | undefined> {
  // An output for each member and ten turns for each resource would be what most programs wait for.
  if (isPlainHost(host)) return host;
  // The callback runs once everything is known: soon for wrapped plain values, never for an unknown in a preview.
  const known = new Promise<PlainHost>((done) => {
    pulumi.output(host).apply((all) => done(all as PlainHost));
  });
  return Promise.race([known, someTurns()]);
}

function isPlainHost(host: pulumi.Input<HostArgs>): host is PlainHost & HostArgs {
  if (pulumi.Output.isInstance(host) || host instanceof Promise) return false;
  return Object.values(host).every((value) => value === undefined || isPlain(value));
}

/** As `knownHost`, with the members of HostArgs alone. */
export async function plainHost(host: pulumi.Input<HostArgs>): Promise<PlainHost | undefined> {
  const all = await knownHost(host);
  return all && Object.fromEntries(NAMES.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]));
}

/**
 * Waits long enough for values that are merely wrapped in an Output, and too short for a value that waits for a
 * resource.
 */
async function someTurns(): Promise<undefined> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
  return undefined;
}
