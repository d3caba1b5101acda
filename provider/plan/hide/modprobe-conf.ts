import { addToModprobeConf, hideOptions, otherInstallLine, removeFromModprobeConf } from "../../boot/modprobe-conf";
import { hiddenBy } from "../../claims/claim-entry";
import type { HostFacts } from "../../facts/host-facts";
import { MODPROBE_CONF, modprobeConf } from "../../facts/modprobe";
import type { PciDevice } from "../../facts/pci-devices";
import { hides } from "../../pci/hide-list";
import { allEntries, originalOf, otherEntries } from "../claim";
import type { HideMechanism } from "../hide-mechanism";
import { nativeModule } from "../native-module";
import { NOTHING, part } from "../part";

/** Packed into every initrd by mkinitrd 5.1, to support keyboards. */
const USB_OF_INITRD = ["ehci_hcd", "ohci_hcd", "uhci_hcd"];

/**
 * For the kernels from Xen (2.6.18): the module pciback, with its options and the install lines that order modules in
 * modprobe.conf.
 */
export const modprobeConfHiding: HideMechanism = {
  name: "modprobe",
  hiddenBy: "modprobe.conf",
  undoneByOldEntry: false,
  fits: (facts) => facts.pciback.module === "pciback",
  whyNotHide,
  isHidden: (facts, address) =>
    hideOptions(textOf(facts))
      .at(-1)
      ?.list?.some((entry) => hides(entry, address)) ?? false,
  hide(facts, device, key) {
    const { address } = device;
    const before = textOf(facts);
    const module = nativeModule(facts, device) ?? "";
    const after = addToModprobeConf(before, address, module);
    const undos = hiddenBy(allEntries(facts), "modprobe.conf").map(({ undo }) => undo);
    const undo = {
      mechanism: "modprobe.conf",
      module,
      option: hideOptions(before).length === 0 || undos.some(({ option }) => option),
      install:
        !before.includes(`install ${module} `) || undos.some((other) => other.install && other.module === module),
    } as const;
    const original = originalOf(facts, key, MODPROBE_CONF, "keep");
    return part({
      steps: [{ kind: "edit-file", path: MODPROBE_CONF, before, after, hides: [address], original }],
      entries: [{ kind: "hidden", path: MODPROBE_CONF, address, undo }],
    });
  },
  unhide(facts, address, claim, key) {
    const before = textOf(facts);
    const claimed = hiddenBy(claim.entries, "modprobe.conf");
    const undo = claimed.find((entry) => entry.address === address)?.undo;
    if (!undo) return NOTHING;
    // Entries of the same claim count as long as they are in the file.
    const siblings = claimed.filter(
      (entry) => entry.address !== address && modprobeConfHiding.isHidden(facts, entry.address),
    );
    const others = [...hiddenBy(otherEntries(facts, key), "modprobe.conf"), ...siblings];
    const needed = others.some((entry) => entry.undo.module === undo.module);
    const after = removeFromModprobeConf(before, address, {
      module: undo.install && !needed ? undo.module : undefined,
      option: undo.option,
    });
    if (after === before) return NOTHING;
    const original = originalOf(facts, key, MODPROBE_CONF, "forget");
    return part({ steps: [{ kind: "edit-file", path: MODPROBE_CONF, before, after, hides: [], original }] });
  },
  consequences: [],
};

function whyNotHide(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  if (facts.pciback.kind !== "module" || facts.pciback.module !== "pciback" || !modprobeConf(facts.files)) {
    return `"modprobe" by way of ${MODPROBE_CONF} needs that file and a kernel of Xen whose pciback is a module (2.6.18), and this host does not have both`;
  }
  const text = textOf(facts);
  const [option, second] = hideOptions(text);
  if (second)
    return `"options pciback hide=" is in ${MODPROBE_CONF} several times, and only the last line is used. Merge them into one line`;
  if (option && !option.list) {
    return `${MODPROBE_CONF} has hide=${option.value}, which pciback does not accept: with it the module does not load, and nothing is hidden. Fix it first`;
  }
  for (const device of devices) {
    const module = nativeModule(facts, device);
    if (module === undefined)
      return `${device.address} has no driver module that could be made to wait for pciback. Set mechanism: "pciback-conf"`;
    // mkinitrd of RHEL 5 packs these into the initrd, but never pciback.
    const adapter = new RegExp(`^[ \\t]*alias[ \\t]+scsi_hostadapter\\d*[ \\t]+${module}[ \\t]*$`, "m");
    if (USB_OF_INITRD.includes(module.replaceAll("-", "_")) || adapter.test(text)) {
      return `${module}, the driver of ${device.address}, is loaded by the initrd, before ${MODPROBE_CONF} is read. Set mechanism: "pciback-conf"`;
    }
    const other = otherInstallLine(text, module);
    if (other !== undefined) {
      return `${MODPROBE_CONF} already has "${other}". Put "/sbin/modprobe pciback;" in front of its command, and that line will be used`;
    }
  }
  return undefined;
}

function textOf(facts: HostFacts): string {
  return modprobeConf(facts.files)?.text ?? "";
}
