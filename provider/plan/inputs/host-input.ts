import { z } from "zod";
import { CONFIRM_MODES } from "../safety";
import { TOOLSTACKS } from "../toolstack";

const Text = z.string().min(1, "must not be empty");
const OneLine = Text.regex(/^[^\n\r\0]*$/, "must be one line");

/** The input `host`. Names are not resolved here: they may be aliases of ~/.ssh/config. */
export const HostInput = z.strictObject({
  address: refusedIf(whyNoAddress),
  port: z.int().min(1).max(65535).optional(),
  user: OneLine.optional(),
  identityFile: OneLine.optional(),
  privateKey: refusedIf(whyNoPrivateKey).optional(),
  password: Text.optional(),
  passphrase: Text.optional(),
  hostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'must be a fingerprint as "ssh-keygen -l" prints it: SHA256:…')
    .optional(),
  proxyJump: OneLine.regex(
    /^\s*[^\s,]+(\s*,\s*[^\s,]+)*\s*$/,
    "must be hosts separated by commas, such as user@bastion:22",
  ).optional(),
  sudo: z.boolean().optional(),
  toolstack: z.enum(TOOLSTACKS).optional(),
  strict: z.boolean().optional(),
  safety: z
    .strictObject({
      confirm: z.enum(CONFIRM_MODES).optional(),
      confirmSeconds: z.int().min(10).max(3600).optional(),
    })
    .optional(),
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
