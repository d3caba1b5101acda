import { type EarlyTaking, earlyFiles, earlyScriptPath, readEarlyScript } from "../../boot/early-script";
import { earlyHomeOf } from "../../facts/boot";
import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import type { StubDriver } from "../../pci/stub-driver";
import type { FileEdit } from "../../steps/file";
import type { Regeneration } from "../../steps/regeneration";
import { NOTHING, type Part, part, refuse } from "../part";

const INITRAMFS: readonly Regeneration[] = [{ what: "initramfs" }];

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

/** Our script takes one more function. */
export function takeEarly(
  facts: HostFacts,
  taking: { readonly driver: StubDriver; readonly address: PciAddress },
  mechanism: "initramfs" | "driver-override",
): Part {
  const home = earlyHomeOf(facts.boot);
  if (!home) return refuse(noEarlyScript(facts) ?? "");
  const { address } = taking;
  return part({
    steps: earlyEdits(facts, [...takenEarly(facts), taking], [address]),
    regenerate: INITRAMFS,
    entries: [{ kind: "hidden", path: earlyScriptPath(home), address, undo: { mechanism } }],
  });
}

/** Our script leaves a function alone. */
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
