// @ts-check
const fs = require("node:fs");
const path = require("node:path");

/** Where the tree is on the host: in memory, as /sys is. */
const PCI_ON_HOST = "/run/pci-passthrough-bench";

/** Of a network card, as its files in /sys have it. */
const VALUES = {
  vendor: "0x8086",
  device: "0x10d3",
  subsystem_vendor: "0x8086",
  subsystem_device: "0xa01f",
  class: "0x020000",
  irq: "11",
  resource: "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".repeat(7).trimEnd(),
  modalias: "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00",
  reset: "",
};

/**
 * A folder `bus` that is /sys/bus/pci of a host with so many network cards, and a folder `devices` that its links lead
 * into once the tree is at PCI_ON_HOST.
 *
 * @param {string} folder
 * @param {number} functions at most 32 × 8 a bus
 */
function makePciTree(folder, functions) {
  for (const name of ["bus/devices", "bus/drivers/e1000e", "bus/drivers/pciback", "devices/pci0000:00"])
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, "bus/drivers/pciback/slots"), "");
  for (let index = 0; index < functions; index++) {
    const [bus, device, number] = [0x10 + (index >> 8), (index >> 3) & 0x1f, index & 7];
    const address = `0000:${hex(bus)}:${hex(device)}.${number}`;
    const real = path.join(folder, "devices/pci0000:00", address);
    fs.mkdirSync(real);
    for (const [name, value] of Object.entries(VALUES)) fs.writeFileSync(path.join(real, name), `${value}\n`);
    fs.writeFileSync(path.join(real, "config"), CONFIG);
    fs.symlinkSync("/sys/bus/pci/drivers/e1000e", path.join(real, "driver"));
    fs.symlinkSync(`${PCI_ON_HOST}/devices/pci0000:00/${address}`, path.join(folder, "bus/devices", address));
  }
}

/** The header of its configuration space, which lspci reads (PCI Local Bus Specification 3.0, 6.1). */
const CONFIG = Buffer.alloc(64);
CONFIG.writeUInt16LE(0x8086, 0x00);
CONFIG.writeUInt16LE(0x10d3, 0x02);
CONFIG.writeUInt8(0x02, 0x0b);
CONFIG.writeUInt16LE(0x8086, 0x2c);
CONFIG.writeUInt16LE(0xa01f, 0x2e);

/** @param {number} number */
function hex(number) {
  return number.toString(16).padStart(2, "0");
}

module.exports = { makePciTree, PCI_ON_HOST };
