import * as pulumi from "@pulumi/pulumi";

/** Where a host is and how to log in: the input `host` of every resource, kept in state. */
export interface HostArgs {
  /**
   * DNS name, IP address or an alias of `~/.ssh/config`, whose HostName, User, Port, IdentityFile, ProxyJump and
   * algorithms are honoured. The user must be root, or `sudo` be set.
   */
  address: pulumi.Input<string>;
  port?: pulumi.Input<number>;
  user?: pulumi.Input<string>;
  /** Path of a private key on the machine that runs Pulumi. Preferred to `privateKey`: nothing secret is kept in state. */
  identityFile?: pulumi.Input<string>;
  /** The text of a private key. Kept in state as a secret. */
  privateKey?: pulumi.Input<string>;
  /** Kept in state as a secret. */
  password?: pulumi.Input<string>;
  /** Of the private key. Kept in state as a secret. */
  passphrase?: pulumi.Input<string>;
  /** `SHA256:…` as `ssh-keygen -l` prints it. Without it `~/.ssh/known_hosts` decides; an unknown key is refused. */
  hostKey?: pulumi.Input<string>;
  /** `user@bastion:22`, or several with commas. */
  proxyJump?: pulumi.Input<string>;
  /** Runs everything by `sudo -n /bin/sh`. The user needs NOPASSWD for /bin/sh on the host, which is the same as being root. */
  sudo?: pulumi.Input<boolean>;
  /** What manages the VMs of the host. Found out when not given. */
  toolstack?: pulumi.Input<"xl" | "xapi" | "libvirt" | "xm">;
}

type KnownHost = { [name in keyof HostArgs]?: pulumi.Unwrap<HostArgs[name]> };

const SECRET = ["privateKey", "password", "passphrase"] as const;
const NAMES: readonly (keyof HostArgs)[] = [
  "address",
  "port",
  "user",
  "identityFile",
  ...SECRET,
  "hostKey",
  "proxyJump",
  "sudo",
  "toolstack",
];

/** The same host with its secrets marked, so that they are in no state in clear, also inside an `Output<HostArgs>`. */
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

/** The host with every value in clear, or undefined while one of them waits for another resource. */
export async function knownHost(host: pulumi.Input<HostArgs>): Promise<KnownHost | undefined> {
  // The callback runs only when everything is known: at once for wrapped plain values, never for an unknown in a preview.
  const known = new Promise<KnownHost>((done) => {
    pulumi.output(host).apply((all) => done(all as KnownHost));
  });
  const all = await Promise.race([known, nextTurns()]);
  return all && Object.fromEntries(NAMES.filter((name) => all[name] !== undefined).map((name) => [name, all[name]]));
}

/** Long enough for values that are only wrapped, and never for one that waits for a resource. */
async function nextTurns(): Promise<undefined> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
  return undefined;
}
