import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath, lastSegment, readLinks, readValues } from "./sysfs";

/** A USB device that is no hub. */
export interface UsbDevice {
  /** Vendor and product, as lsusb prints them: `0403:6001`. */
  readonly id: string;
  /** The drivers of its interfaces: `ftdi_sio`. */
  readonly drivers: readonly string[];
  /** The USB controller that it is connected to. */
  readonly carriedBy: PciAddress;
}

const DEVICES = "/sys/bus/usb/devices";

/**
 * What is connected to the USB controllers. A bus is `usb1`, a device on it `1-4.2`, an interface of that `1-4.2:1.0`
 * (linux, Documentation/driver-api/usb/usb.rst, 6.1). The names of devices are not asked for: to read `product` takes
 * the lock of the device (drivers/usb/core/sysfs.c, usb_string_attr).
 */
export const usbDevicesFact: Fact<readonly UsbDevice[]> = {
  name: "usb_devices",
  about: ["functions"],
  ask: `
print_links ${DEVICES}/usb* ${DEVICES}/*:*/driver
print_values ${DEVICES}/*-*/idVendor ${DEVICES}/*-*/idProduct`,
  parse({ text }) {
    const links = readLinks(text);
    const values = readValues(text);
    return [...values].flatMap(([path, vendor]) => {
      if (!path.endsWith("/idVendor")) return [];
      const device = path.slice(0, -"/idVendor".length);
      const [bus = ""] = lastSegment(device).split("-");
      const carriedBy = addressesOnPath(links.get(`${DEVICES}/usb${bus}`) ?? "").at(-1);
      const drivers = [...links].flatMap(([link, driver]) =>
        link.startsWith(`${device}:`) ? [lastSegment(driver)] : [],
      );
      if (!carriedBy || drivers.includes("hub")) return [];
      return [
        { id: `${vendor}:${values.get(`${device}/idProduct`) ?? ""}`, drivers: [...new Set(drivers)], carriedBy },
      ];
    });
  },
};
