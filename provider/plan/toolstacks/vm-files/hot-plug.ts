import type { PciDevice } from "../../../facts/pci-devices";
import { targets } from "../../../pci/address";
import { gain, neither } from "../../effect";
import { NOTHING, type Part, part, refuse } from "../../part";
import type { Attachment } from "../../vm-planner";
import type { FileToolstack } from "./file-toolstack";
import type { FileVm } from "./find-vm";

/**
 * Hot-plugs what the running VM lacks, or tells why that is impossible now: an effect, or a refusal if the program
 * insists.
 */
export function planHotPlug(tools: FileToolstack, { facts, wish, vm, devices, program }: Attachment<FileVm>): Part {
  const { domain } = vm;
  if (!domain || wish.scope === "config") return NOTHING;
  const missing = devices.filter(({ address }) => !domain.pciDevices.some((present) => present.address === address));
  if (missing.length === 0) return NOTHING;
  const unable = domain.paused
    ? `the VM "${domain.name}" is paused. Unpause it first`
    : tools.whyNotHotPlug(facts, domain, vm.config?.parsed.type);
  const reason = unable ?? notAssignable(missing);
  if (reason === undefined)
    return part({
      steps: missing.map(({ address }) => ({
        kind: "attach",
        by: tools.name,
        vm: { domainId: domain.id, name: domain.name },
        address,
        options: tools.fileOptions(wish.options),
      })),
      effects: missing.map(({ address }) => gain(`${address} is hot-plugged into the running VM "${vm.name}"`)),
    });
  const maker =
    unable === undefined
      ? program.find(
          ({ kind, target }) =>
            kind === "AssignableDevice" && missing.every((device) => targets(target, device.address)),
        )
      : undefined;
  if (maker)
    return part({ effects: [neither(`the hot-plug into the running VM "${vm.name}" waits for "${maker.label}"`)] });
  return wish.scope === "auto"
    ? part({ effects: [neither(`the running VM "${vm.name}" gets it at its next start: ${reason}`)] })
    : refuse(reason);
}

/** Why these functions are not ready to be attached: pciback does not hold them. */
function notAssignable(devices: readonly PciDevice[]): string | undefined {
  const held = devices.find((device) => device.driver !== "pciback");
  return (
    held &&
    `${held.address} is not assignable (its driver is ${held.driver ?? "none"}, not pciback). Declare an AssignableDevice for it`
  );
}
