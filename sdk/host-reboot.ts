import type * as pulumi from "@pulumi/pulumi";
import type { HostArgs } from "./host";
import { HostResource } from "./host-resource";

export interface HostRebootArgs {
  host: pulumi.Input<HostArgs>;
  /** The `bootChange` of what the reboot is for: it waits for those resources, and with `when: "always"` another value is another reboot. */
  triggers?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * `pending`: only when a boot change of this stack waits for a reboot of the host; the host itself is asked.
   * `always`: once for each value of `triggers`, too. Default: `pending`.
   */
  when?: pulumi.Input<"pending" | "always">;
  /** Lets running VMs go down with the host. Default: false, and a reboot is refused while a VM runs. */
  allowRunningVms?: pulumi.Input<boolean>;
  /** How long the host may take to be back. Default: 900. */
  timeoutSeconds?: pulumi.Input<number>;
}

/** A host that is rebooted when its boot changes wait for that. It ends when the host is back and has ended its boot. */
export class HostReboot extends HostResource {
  /** The boot of the host, as /proc/sys/kernel/random/boot_id has it: another one after each reboot. */
  declare readonly bootId: pulumi.Output<string>;
  declare readonly pending: pulumi.Output<"none" | "host-reboot">;
  /** What a reboot would bring about. */
  declare readonly waiting: pulumi.Output<string[]>;

  constructor(name: string, args: HostRebootArgs, opts?: pulumi.CustomResourceOptions) {
    super("HostReboot", name, args, ["bootId", "pending", "waiting"], opts);
  }
}
