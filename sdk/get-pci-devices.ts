import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import type { PciDeviceFilter, PciDeviceInfo } from "../provider/plan/inventory/device-info";
import { type HostArgs, knownHost } from "./host";

export type { PciDeviceFilter, PciDeviceInfo };

/** The arguments of getPciDevices. */
export interface GetPciDevicesArgs {
  /** The host, and how to log in to it. It is asked at the call, so nothing of it may wait for another resource. */
  host: HostArgs;
  /** Which functions to return: those for which all that is given holds. Default: every PCI function of the host. */
  filter?: PciDeviceFilter;
}

/** The arguments of getPciDevicesOutput. */
export interface GetPciDevicesOutputArgs {
  /** The host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /** Which functions to return: those for which all that is given holds. Default: every PCI function of the host. */
  filter?: pulumi.Input<{ [name in keyof PciDeviceFilter]: pulumi.Input<PciDeviceFilter[name]> }>;
}

/**
 * Returns the PCI functions of a host, lowest address first, as they are now. Rejects with RunError, which Pulumi
 * prints without a stack trace, when the host cannot be asked.
 */
export async function getPciDevices(args: GetPciDevicesArgs): Promise<PciDeviceInfo[]> {
  const host = args?.host && (await knownHost(args.host));
  if (args?.host && !host)
    throw new pulumi.RunError(
      "Unable to list PCI devices: `host` waits for another resource. Use getPciDevicesOutput, which waits as well.",
    );
  const found = await query({ ...args, host });
  if (found.kind !== "devices") throw new pulumi.RunError(found.reason);
  return found.devices;
}

/**
 * Like getPciDevices, for hosts and filters that depend on other resources. Unknown in a preview that cannot reach the
 * host.
 */
export function getPciDevicesOutput(args: GetPciDevicesOutputArgs): pulumi.Output<PciDeviceInfo[]> {
  return pulumi.output(args).apply(async (known) => {
    const found = await query(known);
    if (found.kind === "devices") return found.devices;
    if (found.kind === "refused" || !pulumi.runtime.isDryRun()) throw new pulumi.RunError(found.reason);
    await pulumi.log.warn(`${found.reason}\nThe PCI devices of this host are not known in this preview.`);
    return unknown as unknown as PciDeviceInfo[];
  });
}

/**
 * Dynamic providers have no functions, so the query runs in the program itself. It is loaded at the first call: other
 * programs load only Pulumi.
 */
function query(args: unknown) {
  const { queryPciDevices } =
    require("../provider/resources/query-pci-devices") as typeof import("../provider/resources/query-pci-devices");
  return queryPciDevices(args);
}
