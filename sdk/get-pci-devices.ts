import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import type { PciDeviceFilter, PciDeviceInfo } from "../provider/plan/inventory/pci-device-info";
import type { HostArgs } from "./host";

export type { PciDeviceFilter, PciDeviceInfo };

export interface GetPciDevicesArgs {
  /** Plain values: the question is asked when the function is called. */
  host: pulumi.Unwrap<HostArgs>;
  /** All that is given must hold. Without it, every PCI function of the host. */
  filter?: PciDeviceFilter;
}

export interface GetPciDevicesOutputArgs {
  host: pulumi.Input<HostArgs>;
  filter?: pulumi.Input<{ [name in keyof PciDeviceFilter]: pulumi.Input<PciDeviceFilter[name]> }>;
}

/** The PCI functions of a host, lowest address first. Throws when the host is not reached. */
export async function getPciDevices(args: GetPciDevicesArgs): Promise<PciDeviceInfo[]> {
  const found = await query(args);
  if (found.kind === "unreached") throw new Error(found.reason);
  return found.devices;
}

/** The same for hosts and filters that other resources make. In a preview that cannot reach the host, the devices are unknown. */
export function getPciDevicesOutput(args: GetPciDevicesOutputArgs): pulumi.Output<PciDeviceInfo[]> {
  return pulumi.output(args).apply(async (known) => {
    const found = await query(known);
    if (found.kind === "devices") return found.devices;
    if (!pulumi.runtime.isDryRun()) throw new Error(found.reason);
    await pulumi.log.warn(`${found.reason}\nIts PCI devices are not known in this preview.`);
    return unknown as unknown as PciDeviceInfo[];
  });
}

/**
 * Dynamic providers answer no questions of programs, so this one runs in the program itself. It is loaded only when it
 * is called: programs without a question load nothing but Pulumi.
 */
function query(args: unknown) {
  const { queryPciDevices } =
    require("../provider/resources/query-pci-devices") as typeof import("../provider/resources/query-pci-devices");
  return queryPciDevices(args);
}
