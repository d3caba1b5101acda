import { type EarlyTaking, earlyFiles, earlyScriptPath, readEarlyScript } from "../../boot/early-script";
import type { Regeneration } from "../../claims/run-record";
import { earlyHomeOf } from "../../facts/boot";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress } from "../../pci/address";
import type { StubDriver } from "../../pci/stub-driver";
import type { FileEdit } from "../../steps/file";
import { NOTHING, type Part, part, refuse } from "../part";

const INITRAMFS: readonly Regeneration[] = [{ what: "initramfs" }];

/** What the script in the initramfs takes at boot. It serves both mechanisms, `initramfs` and `driver-override`. */
export function takenEarly(facts: HostFacts): readonly EarlyTaking[] {
  const home = earlyHomeOf(facts.boot);
  const script = home && facts.files.byPath.get(earlyScriptPath(home));
  return script ? readEarlyScript(script.text) : [];
}

/** Why a script in this host's initramfs cannot take these functions; undefined when it can. */
export function whyNoEarlyScript(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  const virtual = devices.find(({ physicalFunction }) => physicalFunction !== undefined);
  if (virtual)
    return `${virtual.address} is a virtual function, which does not exist before the driver of ${virtual.physicalFunction} makes it, and the initramfs would look for it too early. Declare an AssignableDevice for it instead`;
  if (earlyHomeOf(facts.boot)) return undefined;
  return facts.boot.programs.includes("mkinitfs")
    ? "its initramfs is built by mkinitfs, which accepts no additional scripts"
    : "its initramfs is built by neither initramfs-tools nor dracut, the only tools to which the required script can be added";
}

/** Adds a function to those that the script takes. Refuses when the initramfs cannot hold the script. */
export function takeEarly(
  facts: HostFacts,
  device: PciDevice,
  driver: StubDriver,
  mechanism: "initramfs" | "driver-override",
): Part {
  const home = earlyHomeOf(facts.boot);
  if (!home) return refuse(whyNoEarlyScript(facts, [device]) ?? "");
  const { address, identity } = device;
  const { id, subsystem } = identity;
  const others = takenEarly(facts).filter((taking) => taking.address !== address);
  return part({
    steps: earlyEdits(facts, [...others, { driver, address, id, subsystem }], [address]),
    regenerate: INITRAMFS,
    entries: [{ kind: "hidden", path: earlyScriptPath(home), address, undo: { mechanism } }],
  });
}

/** Removes a function from those that the script takes; does nothing if it is not among them. */
export function leaveEarly(facts: HostFacts, address: PciAddress): Part {
  const takings = takenEarly(facts);
  const left = takings.filter((taking) => taking.address !== address);
  return left.length === takings.length ? NOTHING : part({ steps: earlyEdits(facts, left, []), regenerate: INITRAMFS });
}

function earlyEdits(facts: HostFacts, takings: readonly EarlyTaking[], hides: readonly PciAddress[]): FileEdit[] {
  const home = earlyHomeOf(facts.boot);
  if (!home) return [];
  return earlyFiles(home, takings).flatMap(({ path, text }): FileEdit[] => {
    const before = facts.files.byPath.get(path);
    if (before?.text === text) return [];
    const target = before?.target ?? path;
    return [
      {
        kind: "edit-file",
        path: target,
        before: before?.text,
        after: text,
        hides,
        original: "leave",
        executable: true,
      },
    ];
  });
}
