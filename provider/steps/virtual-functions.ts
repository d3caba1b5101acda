import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import { quote } from "../shell";
import type { StepType } from "./step-type";

/** A physical function gets another number of virtual functions; the existing ones are all removed first. */
export interface SetVirtualFunctions {
  readonly kind: "set-virtual-functions";
  readonly address: PciAddress;
  /** The current number, and the virtual functions with their drivers. */
  readonly from: { readonly count: number; readonly functions: readonly HeldFunction[] };
  /** The new number; 0 for none. */
  readonly to: number;
}

/** A virtual function and its driver; undefined for none. */
export interface HeldFunction {
  readonly address: PciAddress;
  readonly driver: string | undefined;
}

/** Sets the number through sysfs; assumes the current number and drivers. */
export const setVirtualFunctions: StepType<SetVirtualFunctions> = {
  takes: ({ from }) => from.functions.map(({ address }) => ({ address, when: "now", to: undefined })),
  moves: ({ from }) => from.functions.map(({ address }) => address),
  gives: () => [],
  changes: ["functions"],
  rewrites: () => [],
  after: withVirtualFunctions,
  assumes: ({ address, from }) => [
    `expect_virtual_functions ${address} ${from.count}`,
    ...from.functions.map((held) => `expect_driver ${held.address} ${quote(held.driver ?? "")}`),
  ],
  perform: ({ address, to }) => `set_virtual_functions ${address} ${to}`,
  undo: ({ address, from }) => `set_virtual_functions ${address} ${from.count}`,
  functions: `
# PCI function, how many virtual functions it has.
expect_virtual_functions() {
  [ "$(cat "/sys/bus/pci/devices/$1/sriov_numvfs")" = "$2" ] && return
  echo "$1 has $(cat "/sys/bus/pci/devices/$1/sriov_numvfs") virtual functions, not $2"
  return 1
}
# How many, the file.
write_count() {
  printf %s "$1" > "$2"
}
# PCI function, how many it gets. The kernel changes the number only from and to zero (drivers/pci/iov.c,
# sriov_numvfs_store: EBUSY). udev then loads the drivers of the new functions.
set_virtual_functions() {
  vfs=/sys/bus/pci/devices/$1/sriov_numvfs
  [ -e "$vfs" ] || { echo "$1 has no sriov_numvfs"; return 1; }
  if [ "$(cat "$vfs")" != "$2" ]; then
    [ "$(cat "$vfs")" = 0 ] || within 120 write_count 0 "$vfs" || return
    [ "$2" = 0 ] || within 120 write_count "$2" "$vfs" || return
    limited 30 udevadm settle --timeout=20
  fi
  expect_virtual_functions "$1" "$2"
}`,
  describe: ({ address, from, to }) => `change the virtual functions of ${address} from ${from.count} to ${to}`,
};

/** The new functions themselves are known only once they are there. */
function withVirtualFunctions(facts: HostFacts, { address, to: count }: SetVirtualFunctions): HostFacts {
  const before = facts.virtualFunctions.physicalFunctions.get(address);
  if (!before) return facts;
  const pciDevices = new Map([...facts.pciDevices].filter(([, device]) => device.physicalFunction !== address));
  const physicalFunctions = new Map(facts.virtualFunctions.physicalFunctions).set(address, {
    ...before,
    count,
    functions: [],
  });
  return { ...facts, pciDevices, virtualFunctions: { physicalFunctions, udev: facts.virtualFunctions.udev } };
}
