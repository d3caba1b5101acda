import { z } from "zod";
import { CONFIRM_MODES } from "../safety";
import { TOOLSTACKS } from "../toolstack";

const Text = z.string().min(1, "must not be empty");
const OneLine = Text.regex(/^[^\n\r\0]*$/, "must be one line");

/** The input `host`. Names are not resolved here: they may be aliases of ~/.ssh/config. */
export const HostInput = z.strictObject({
  address: OneLine.regex(
    /^[^\s-][^\s]*$/,
    "must be a DNS name, an IP address or an alias of ~/.ssh/config, without spaces",
  ),
  port: z.int().min(1).max(65535).optional(),
  user: OneLine.optional(),
  identityFile: OneLine.optional(),
  privateKey: Text.optional(),
  password: Text.optional(),
  passphrase: Text.optional(),
  hostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'must be a fingerprint as "ssh-keygen -l" prints it: SHA256:…')
    .optional(),
  proxyJump: OneLine.optional(),
  sudo: z.boolean().optional(),
  toolstack: z.enum(TOOLSTACKS).optional(),
  safety: z
    .strictObject({
      confirm: z.enum(CONFIRM_MODES).optional(),
      confirmSeconds: z.int().min(10).max(3600).optional(),
    })
    .optional(),
});
/** The checked input `host`: how to log in to a host, its toolstack, and when changes of it must be confirmed. */
export type HostInput = z.infer<typeof HostInput>;
