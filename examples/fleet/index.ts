import * as pulumi from "@pulumi/pulumi";
import * as pci from "pulumi-pci-passthrough";

/** One host of the list in the stack's configuration, and the VM on it that gets a card. */
interface Machine {
  name: string;
  host: pci.HostArgs;
  vm: string;
}

const config = new pulumi.Config();
const id = config.require("id"); // vendor and device of the card, as in "8086:10d3"
const machines = config.requireObject<Machine[]>("machines");

// Slots differ from host to host, so each host is asked where its card is.
export const cards = machines.map(({ name, host, vm }) => {
  const device = pci.getPciDevicesOutput({ host, filter: { id } }).apply((found) => {
    const card = found.find(({ vms }) => vms.includes(vm)) ?? found.find(({ vms }) => vms.length === 0);
    if (!card) throw new Error(`${name} has no card ${id} to give away`);
    return card.address;
  });
  const hidden = new pci.HiddenPciDevice(`${name}-hidden`, { host, device });
  // One host after the other, and none after one that did not come back.
  const reboot = new pci.HostReboot(`${name}-reboot`, { host, triggers: [hidden.bootChange], maxParallel: 1 });
  const args = { host, device: hidden.device, vm, hide: false };
  return new pci.PciPassthrough(name, args, { dependsOn: reboot }).attachment.device;
});
