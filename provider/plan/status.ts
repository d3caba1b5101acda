import { z } from "zod";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import { isStubDriver } from "../facts/stub-drivers";
import { formatPciTarget, type PciAddress } from "../pci/address";
import { findClaim } from "./claim";
import type { DeviceWish } from "./wish";

const PciIdentity = z
  .object({
    id: z.string().describe("Vendor and device id: `8086:10d3`."),
    subsystem: z.string().describe("Subsystem vendor and device id: `15d9:060a`."),
    class: z
      .string()
      .describe("Class code as six hexadecimal digits, base class first: `020000` is an Ethernet controller."),
    label: z
      .string()
      .describe("For people: `Ethernet controller: Intel Corporation 82574L`; the id if the host has no lspci."),
  })
  .meta({ id: "PciIdentity", description: "What a PCI function is, from its configuration space." });

const FunctionStatus = z
  .object({
    address: z.string().describe("In the long form: `0000:04:00.0`."),
    identity: PciIdentity.describe("What the function is, from its configuration space."),
    originalDriver: z
      .string()
      .optional()
      .describe(
        "The host driver that the function had, and goes back to: `e1000e`. Absent if it had none or is not known.",
      ),
    active: z.boolean().describe("Whether the declaration holds for this function now."),
  })
  .meta({ id: "FunctionStatus", description: "A function of a device, as the host reports it." });
/** The current state of one function of a declaration. */
export type FunctionStatus = z.infer<typeof FunctionStatus>;

/** The output `pending`. */
export const Pending = z.enum(["none", "host-reboot", "confirmation", "vm-restart"]).meta({
  id: "Pending",
  description:
    "What must happen before a declaration holds completely: nothing, a reboot of the host, the confirmation of its boot, or a restart of the VM.",
});

/** The output `bootChange`. */
export const BootChange = z
  .string()
  .describe(
    "Opaque text that changes only with a write that needs a reboot; pass it to `triggers` of a HostReboot. Empty if there was none.",
  );

/** The outputs of every resource for a device. */
export const deviceOutputs = z.object({
  device: z
    .string()
    .describe(
      "The device in the long form, `0000:04:00.0` or `0000:04:00`. Pass it to another resource to make that wait for this one.",
    ),
  functions: z.array(FunctionStatus).describe("The functions of the device, lowest address first."),
  configured: z.boolean().describe("Whether the declaration survives a reboot of the host."),
  active: z.boolean().describe("Whether the declaration holds now, for all functions."),
  pending: Pending.describe("What must happen before the declaration holds completely."),
  bootChange: BootChange,
});
/** The current state of a declaration, as reported by the host. */
export type Status = z.infer<typeof deviceOutputs>;

/** The status of a wish, from the rules of its kind for each of its functions. */
export function statusOf(
  facts: HostFacts,
  { target }: Pick<DeviceWish, "target">,
  devices: readonly PciDevice[],
  key: string,
  rule: {
    readonly active: (address: PciAddress) => boolean;
    readonly configured: (address: PciAddress) => boolean;
    readonly pending: (state: { configured: boolean; active: boolean }) => Status["pending"];
  },
): Status {
  const claim = findClaim(facts, key);
  const functions = devices.map(({ address, identity }): FunctionStatus => {
    const before = claim?.functions.find((claimed) => claimed.address === address)?.driver;
    const original = before && !isStubDriver(facts, before) ? { originalDriver: before } : {};
    return { address, identity, ...original, active: rule.active(address) };
  });
  const configured = devices.length > 0 && devices.every((device) => rule.configured(device.address));
  const active = functions.length > 0 && functions.every((status) => status.active);
  return {
    device: formatPciTarget(target),
    functions,
    configured,
    active,
    pending: rule.pending({ configured, active }),
    bootChange: claim?.bootChange ?? "",
  };
}
