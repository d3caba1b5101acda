import { z } from "zod";
import { HostInput } from "../plan/inputs/host-input";
import { resourceDefinition } from "./lifecycle";

const inputs = z.strictObject({
  host: HostInput,
  triggers: z.array(z.string()).optional(),
  when: z.enum(["pending", "always"]).optional(),
  allowRunningVms: z.boolean().optional(),
  timeoutSeconds: z
    .int()
    .min(30, "must be 30 or more: no host boots faster")
    .max(24 * 3600)
    .optional(),
});

export const hostReboot = resourceDefinition(inputs, [], (given) => ({
  kind: "HostReboot",
  triggers: given.triggers ?? [],
  when: given.when ?? "pending",
  allowRunningVms: given.allowRunningVms ?? false,
  // Servers with much memory test it for minutes before they boot.
  timeoutSeconds: given.timeoutSeconds ?? 15 * 60,
}));
