import type * as pulumi from "@pulumi/pulumi";
import type { HostArgs } from "./host";
import { type HostResource, resourceClass } from "./host-resource";

/** The arguments of a HostReboot. */
export interface HostRebootArgs {
  /** The host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /**
   * With `when: "always"`, other values mean another reboot: the `bootChange` of each resource that needs it, for
   * instance. Default: none.
   */
  triggers?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * `pending`: reboots only while a boot change of this stack waits for it, as the host itself reports.
   * `always`: reboots for each new value of `triggers` as well. `never`: only tells what waits. Default: `pending`.
   */
  when?: pulumi.Input<"pending" | "always" | "never">;
  /** How many hosts of the program may be down at once when this one goes down, itself included. Default: 1. */
  maxParallel?: pulumi.Input<number>;
  /** Whether running VMs may go down with the host. Default: false, and the reboot is refused while a VM runs. */
  allowRunningVms?: pulumi.Input<boolean>;
  /** Seconds until the host must be back, from 30 to 86,400. Default: 900. */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * Reboots a host when its boot changes wait for that; nothing else in this package reboots. It ends when the host is
 * back and its boot has finished. With the classes of the npm package, what the program declares before it on this host
 * is done before, and what it declares after it is done after; programs that use the plugin say that by `dependsOn`. A
 * destroy does nothing on the host.
 */
export interface HostReboot extends HostResource {
  /** Id of the current boot, a UUID from /proc/sys/kernel/random/boot_id; every reboot changes it. */
  readonly bootId: pulumi.Output<string>;
  /**
   * `host-reboot` while a boot change of any stack waits for a reboot of the host, `confirmation` while its boot is on
   * trial; else `none`.
   */
  readonly pending: pulumi.Output<"none" | "host-reboot" | "confirmation">;
  /** What the next reboot will bring about, for any stack: a sentence for each boot change. Empty if nothing waits. */
  readonly waiting: pulumi.Output<string[]>;
}

/** Declares that the host has been rebooted for the boot changes of this stack. */
export const HostReboot = resourceClass<HostRebootArgs, HostReboot>("HostReboot", ["bootId", "pending", "waiting"]);
