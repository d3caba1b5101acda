import { type EarlyTaking, earlyFiles, earlyScriptPath, readEarlyScript } from "../../boot/early-script";
import { earlyHomeOf } from "../../facts/boot";
import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import type { StubDriver } from "../../pci/stub-driver";
import type { FileEdit, Step } from "../../steps/step";
import type { HideDraft, HideMechanismName } from "../hide-mechanism";

/** What our script in the initramfs takes at boot; the same script serves the mechanisms `initramfs` and `driver-override`. */
export function takenEarly(facts: HostFacts): readonly EarlyTaking[] {
  const home = earlyHomeOf(facts.boot);
  const script = home && facts.files.byPath.get(earlyScriptPath(home));
  return script ? readEarlyScript(script.text) : [];
}

/** Why no script of ours can be in this host's initramfs; undefined when it can. */
export function noEarlyScript(facts: HostFacts): string | undefined {
  if (earlyHomeOf(facts.boot)) return undefined;
  return facts.boot.programs.includes("mkinitfs")
    ? "its initramfs is made by mkinitfs, which takes no script of others"
    : "its initramfs is made by neither initramfs-tools nor dracut, and so no script of ours can be in it";
}

export function takeEarly(
  facts: HostFacts,
  taking: { readonly driver: StubDriver; readonly address: PciAddress },
  mechanism: HideMechanismName,
): HideDraft {
  const home = earlyHomeOf(facts.boot);
  if (!home) return { steps: [], entries: [] };
  return {
    steps: earlyEdits(facts, [...takenEarly(facts), taking], [taking.address]),
    entries: [{ path: earlyScriptPath(home), entry: taking.address, undo: { mechanism, driver: taking.driver } }],
  };
}

export function leaveEarly(facts: HostFacts, address: PciAddress): readonly Step[] {
  const takings = takenEarly(facts);
  const left = takings.filter((one) => one.address !== address);
  return left.length === takings.length ? [] : earlyEdits(facts, left, []);
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
