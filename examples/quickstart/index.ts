import * as pulumi from "@pulumi/pulumi";
import * as pci from "pulumi-pci-passthrough";

const config = new pulumi.Config();
const host: pci.HostArgs = { user: "root", ...config.requireObject<pci.HostArgs>("host") };
const device = config.require("device");

// To keep the host's own driver away from the device from the next boot on, too:
// new pci.HiddenPciDevice("hidden", { host, device });

const assignable = new pci.AssignableDevice("assignable", { host, device });
const attachment = new pci.VmPciAttachment("attachment", { host, device: assignable.device, vm: config.require("vm") });

export const functions = assignable.functions;
export const pending = attachment.pending;
