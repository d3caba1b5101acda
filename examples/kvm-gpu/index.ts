import * as pulumi from "@pulumi/pulumi";
import * as pci from "pulumi-pci-passthrough";

const config = new pulumi.Config();
const host: pci.HostArgs = { user: "root", ...config.requireObject<pci.HostArgs>("host") };

// A graphics card and its sound are two functions of one slot, such as "0000:01:00". A VM gets both.
const device = config.require("slot");

// The host's own graphics driver seldom lets go of a card, so it never gets it: that takes a reboot.
const iommu = new pci.IommuBootParameters("iommu", { host });
const hidden = new pci.HiddenPciDevice("hidden", { host, device });
const reboot = new pci.HostReboot("reboot", { host, triggers: [iommu.bootChange, hidden.bootChange] });

const card = new pci.PciPassthrough(
  "card",
  { host, device: hidden.device, vm: config.require("vm"), hide: false, group: true },
  { dependsOn: reboot },
);

export const iommuOn = iommu.active;
export const boot = reboot.bootId;
export const functions = card.attachment.functions;
