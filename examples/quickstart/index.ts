import * as pulumi from "@pulumi/pulumi";
import * as pci from "pulumi-pci-passthrough";

const config = new pulumi.Config();
const host = { address: config.require("host"), user: "root" };

// The host lets go of the card …
const card = new pci.AssignableDevice("card", { host, device: config.require("device") });

// … and the VM has it, from its next start on or at once where the host can.
const attachment = new pci.VmPciAttachment("card-of-vm", { host, device: card.device, vm: config.require("vm") });

export const functions = card.functions;
export const pending = attachment.pending;
