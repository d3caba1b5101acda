import * as pulumi from "@pulumi/pulumi";
import * as pci from "pulumi-pci-passthrough";

const config = new pulumi.Config();
const host: pci.HostArgs = { user: "root", ...config.requireObject<pci.HostArgs>("host") };
const vms = config.requireObject<string[]>("vms");

// One physical function, and a virtual one of it for each VM.
const pool = new pci.SriovVirtualFunctions("pool", { host, device: config.require("device"), count: vms.length });

export const addresses = vms.map((vm, index) => {
  const device = pool.addresses.apply((all) => all[index] ?? "");
  return new pci.PciPassthrough(vm, { host, device, vm, hide: false }).attachment.device;
});
