import * as pulumi from "@pulumi/pulumi";
import * as pci from "pulumi-pci-passthrough";

const config = new pulumi.Config();
const host: pci.HostArgs = { user: "root", ...config.requireObject<pci.HostArgs>("host") };

// Dom0 leaves the device alone from its next boot on (xen-cmdline), and the host is rebooted for that when no VM runs.
const hidden = new pci.HiddenPciDevice("hidden", { host, device: config.require("device") });
const reboot = new pci.HostReboot("reboot", { host, triggers: [hidden.bootChange] });

// The VM has the device from its next start on (other-config:pci). Its vm is a name-label or a uuid.
const attachment = new pci.VmPciAttachment(
  "attachment",
  { host, device: hidden.device, vm: config.require("vm") },
  { dependsOn: reboot },
);

export const functions = attachment.functions;
export const pending = attachment.pending;
