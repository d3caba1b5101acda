import { z } from "zod";
import { HostInput } from "./host-input";

/** The configuration of the plugin, for the whole stack or in an explicit Provider resource. */
export const ProviderConfig = z.strictObject({
  hosts: z
    .record(z.string().min(1, "must not be empty"), HostInput)
    .optional()
    .describe('Hosts by name, so that a resource says `host: "xen1"`. Default: none.'),
  defaults: HostInput.omit({ address: true, name: true })
    .meta({ id: "HostDefaults", description: "All that a host can have but its address and name." })
    .optional()
    .describe("What counts for each host that does not say it itself. Default: nothing."),
  offline: z
    .boolean()
    .optional()
    .describe("Whether previews ask no host, and check neither effects nor guards. Default: false."),
  strict: z
    .boolean()
    .optional()
    .describe(
      "Whether a preview fails when it cannot reach a host. Default: false, and it goes on with a warning, as in CI without access.",
    ),
});
/** The checked configuration of the plugin. */
export type ProviderConfig = z.infer<typeof ProviderConfig>;
