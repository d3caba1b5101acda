import { fromBytes } from "../bytes";
import { type PciAddress, parsePciAddress } from "../pci/address";
import type { Fact } from "./answers";

/** Trouble between guests and their devices, as far as the host's logs show it. */
export interface GuestComplaints {
  /** VMs whose kernel found Xen's PCI bus but has no driver for it, with the path of the console log that says so. */
  readonly withoutPcifront: readonly { readonly vm: string; readonly log: string }[];
  /** Functions whose guest wrote to a register that pciback keeps read-only, with the line of the host's kernel log. */
  readonly readOnlyWrites: readonly { readonly address: PciAddress; readonly line: string }[];
}

/**
 * xenconsoled writes console logs where XENCONSOLED_TRACE has "guest"; pciback's line is from conf_space.c (linux,
 * drivers/xen/xen-pciback, 6.1).
 */
export const guestComplaintsFact: Fact<GuestComplaints> = {
  name: "guest_complaints",
  about: ["vms"],
  ask: `
# Complaints are about what pciback has.
set -- /sys/bus/pci/drivers/pciback/*:*
[ -e "$1" ] || return 0
set -- /var/log/xen/console/guest-*.log
[ ! -e "$1" ] || limited 20 grep -l 'XENBUS: Device with no driver: device/pci/' "$@"
dmesg | grep 'tried to write to a read-only configuration space field'`,
  parse(answer) {
    const lines = answer.text.split("\n");
    return {
      withoutPcifront: lines.flatMap((log) => {
        const vm = /^\/var\/log\/xen\/console\/guest-(.*)\.log$/.exec(log)?.[1];
        return vm === undefined ? [] : [{ vm: fromBytes(vm), log }];
      }),
      readOnlyWrites: lines.flatMap((line) => {
        const address = parsePciAddress(/ ([0-9a-f:.]+): (?:\S+: )?Driver tried to write /.exec(line)?.[1] ?? "");
        return address ? [{ address, line: line.replace(/^\[[ 0-9.]*\] /, "") }] : [];
      }),
    };
  },
};
