import { z } from "zod";
import { CONFIRM_MODES } from "../safety";
import { TOOLSTACKS } from "../toolstack-name";
import { TRIAL_BOOT_MODES } from "../trial-boot";

const Text = z.string().min(1, "must not be empty");
const OneLine = Text.regex(/^[^\n\r\0]*$/, "must be one line");

/** The input `host`. Names are not resolved here: they may be aliases of ~/.ssh/config. */
export const HostInput = z
  .strictObject({
    address: refusedIf(whyNoAddress).describe(
      "DNS name, IP address or alias of `~/.ssh/config`, which decides what is left out here (HostName, User, Port, IdentityFile, ProxyJump, algorithms and more).",
    ),
    name: OneLine.optional().describe(
      "What lines and messages call the host, such as one of several behind one address. Default: its address, or its name among the `hosts` of the provider.",
    ),
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe("TCP port of sshd, from 1 to 65535. Default: the ssh config's, else 22."),
    user: OneLine.optional().describe(
      "Name of the user to log in as: root, unless `sudo` is set. Default: the ssh config's, else the name of the local user.",
    ),
    identityFile: OneLine.optional().describe(
      "Path of a private key file on the machine that runs Pulumi, such as `~/.ssh/id_ed25519`; unlike `privateKey` it keeps no secret in the state. Default: the ssh config's, else the usual files in `~/.ssh`. Keys of an ssh agent are tried as well.",
    ),
    privateKey: refusedIf(whyNoPrivateKey).optional().meta({
      description: "The text of a private key in OpenSSH or PEM format. Kept in the state as a secret. Default: none.",
      secret: true,
    }),
    password: Text.optional().meta({
      description:
        "Password of `user` on the host, tried after the keys. Kept in the state as a secret. Default: none.",
      secret: true,
    }),
    passphrase: Text.optional().meta({
      description: "Passphrase of the private key. Kept in the state as a secret. Default: none.",
      secret: true,
    }),
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'must be a fingerprint as "ssh-keygen -l" prints it: SHA256:…')
      .optional()
      .describe(
        "Fingerprint of the host's key, `SHA256:…` as `ssh-keygen -l` prints it. Default: known_hosts decides, and an unknown key is refused.",
      ),
    proxyJump: OneLine.regex(
      /^\s*[^\s,]+(\s*,\s*[^\s,]+)*\s*$/,
      "must be hosts separated by commas, such as user@bastion:22",
    )
      .optional()
      .describe(
        "Jump hosts, in order: `user@bastion:22`, several separated by commas, or `none`. Default: the ssh config's.",
      ),
    sudo: z
      .boolean()
      .optional()
      .describe(
        "Whether everything runs through `sudo -n /bin/sh`. The user needs NOPASSWD for /bin/sh, which amounts to root. Default: false.",
      ),
    toolstack: z
      .enum(TOOLSTACKS)
      .meta({ id: "Toolstack", description: "What can manage the VMs of a host." })
      .optional()
      .describe(
        "What manages the VMs of the host. Default: found out; of several, xapi or xl before libvirt, and xm before xl while xend runs.",
      ),
    strict: z
      .boolean()
      .optional()
      .describe(
        "Whether a preview fails when it cannot reach the host. Default: false, and it goes on with a warning, as in CI without access.",
      ),
    safety: z
      .strictObject({
        confirm: z
          .enum(CONFIRM_MODES)
          .meta({ id: "ConfirmMode", description: "Which changes of a host are on trial." })
          .optional()
          .describe(
            "Which changes are on trial: all; those by which the host loses a device at once; of those none but such as a guard refuses and `allow` lets through. Default: `when-taking`.",
          ),
        confirmSeconds: z
          .int()
          .min(10)
          .max(3600)
          .optional()
          .describe("How long the host waits for the confirmation, from 10 to 3600 seconds. Default: 60."),
        trialBoot: z
          .enum(TRIAL_BOOT_MODES)
          .meta({ id: "TrialBootMode", description: "Whether a host's first boot with a change is on trial." })
          .optional()
          .describe(
            "Whether the first boot with a change of what the host boots with is on trial, where its boot loader can go back by itself: it is kept only when a login from outside has confirmed it. `never` does not count where `allow` lets a change through that a guard refuses. Default: `auto`.",
          ),
        bootConfirmSeconds: z
          .int()
          .min(120, "must be 120 or more: hosts boot slowly")
          .max(7200)
          .optional()
          .describe(
            "How long after its start a boot on trial waits for the confirmation, from 120 to 7200 seconds. Default: 600.",
          ),
      })
      .meta({
        id: "HostSafety",
        description:
          "A change on trial is confirmed over a new connection as soon as it is made. Where none can be opened, the host takes it back: drivers, files and claims as they were.",
      })
      .optional()
      .describe(
        "Whether the host takes changes back by itself when it cannot be reached after them. Default: see `HostSafety`.",
      ),
  })
  .meta({
    id: "Host",
    description:
      "A host and how to log in to it: the input `host` of every resource. Kept in the state, secrets encrypted.",
  });
/** The checked input `host`: how to log in to a host, its toolstack, and how carefully to treat it. */
export type HostInput = z.infer<typeof HostInput>;

function refusedIf(why: (text: string) => string | undefined) {
  return Text.superRefine((text, context) => {
    const message = why(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

function whyNoAddress(text: string): string | undefined {
  if (/^[a-z]+:\/\//i.test(text))
    return `must be the name or address alone, without "${text.replace(/\/\/.*/s, "//")}"`;
  if (text.includes("@")) return "must be the name or address alone, without a user: set `user`";
  if (/^([^:]+|\[.*\]):\d+$/.test(text)) return "must be the name or address alone, without a port: set `port`";
  if (!/^[^\s-]\S*$/.test(text))
    return "must be a DNS name, an IP address or an alias of ~/.ssh/config, without spaces";
  return undefined;
}

function whyNoPrivateKey(text: string): string | undefined {
  if (/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|^PuTTY-User-Key-File-\d/m.test(text)) return undefined;
  return /^\s*(ssh-|ecdsa-|sk-)/.test(text)
    ? "must be the private key: this is the public one"
    : "must be the text of a private key in OpenSSH or PEM format. For the path of its file use `identityFile`";
}
