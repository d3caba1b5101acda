import { z } from "zod";
import { addToModprobeConf, hideOptions, otherInstallLine, removeFromModprobeConf } from "../../boot/modprobe-conf";
import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { MODPROBE_CONF, modprobeConf } from "../../facts/modprobe";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress } from "../../pci/address";
import { hides } from "../../pci/hide-list";
import { isStubDriver } from "../../pci/stub-driver";
import { othersHaveEntriesIn } from "../claim";
import type { HideMechanism } from "../hide-mechanism";

/** Packed into every initrd by mkinitrd 5.1, for keyboards. */
const USB_OF_INITRD = ["ehci_hcd", "ohci_hcd", "uhci_hcd"];

/** How an entry is taken back; kept in claims for as long as they live. */
const Undo = z.object({ module: z.string(), option: z.boolean(), install: z.boolean() });

/** The way of Xen's own kernels (2.6.18): the module pciback, its options in modprobe.conf, and install lines for the order. */
export const modprobeConfHiding: HideMechanism = {
  name: "modprobe",
  variant: "modprobe.conf",
  unfit,
  isHidden: (facts, address) =>
    hideOptions(textOf(facts))
      .at(-1)
      ?.list?.some((entry) => hides(entry, address)) ?? false,
  hide(facts, device, key) {
    const before = textOf(facts);
    const module = moduleOf(facts, device) ?? "";
    const after = addToModprobeConf(before, device.address, module);
    const others = entriesOf(facts).map((one) => one.undo);
    const undo = {
      mechanism: "modprobe",
      variant: "modprobe.conf",
      module,
      option: hideOptions(before).length === 0 || others.some((one) => one.option),
      install: !before.includes(`install ${module} `) || others.some((one) => one.install && one.module === module),
    };
    const original = othersHaveEntriesIn(facts, key, MODPROBE_CONF) ? "leave" : "keep";
    return {
      steps: [{ kind: "edit-file", path: MODPROBE_CONF, before, after, hides: [device.address], original }],
      entries: [{ path: MODPROBE_CONF, entry: device.address, undo }],
    };
  },
  unhide(facts, address, claim, key) {
    const before = textOf(facts);
    const undo = Undo.safeParse(claim.entries.find((entry) => entry.entry === address)?.undo).data;
    if (!undo) return [];
    const others = [...entriesOf(facts).filter((one) => one.key !== key), ...restOf(facts, claim, address)];
    const needed = others.some((one) => one.undo.module === undo.module);
    const after = removeFromModprobeConf(before, address, {
      module: undo.install && !needed ? undo.module : undefined,
      option: undo.option,
    });
    if (after === before) return [];
    const original = othersHaveEntriesIn(facts, key, MODPROBE_CONF) ? "leave" : "forget";
    return [{ kind: "edit-file", path: MODPROBE_CONF, before, after, hides: [], original }];
  },
  regenerate: [],
  regenerationEffects: [],
};

function unfit(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  if (facts.pciback.kind !== "module" || facts.pciback.module !== "pciback" || !modprobeConf(facts.files)) {
    return `it is no host with the module pciback and ${MODPROBE_CONF}`;
  }
  const text = textOf(facts);
  const [option, second] = hideOptions(text);
  if (second)
    return `"options pciback hide=" stands in ${MODPROBE_CONF} twice, and only the last one counts. Join them into one`;
  if (option && !option.list) {
    return `${MODPROBE_CONF} has hide=${option.value}, which pciback does not accept: with it the module does not load, and nothing is hidden. Mend it first`;
  }
  for (const device of devices) {
    const module = moduleOf(facts, device);
    if (module === undefined)
      return `${device.address} has no module of its own that could be made to wait for pciback`;
    // mkinitrd of RHEL 5 packs these, and pciback never.
    const adapter = new RegExp(`^[ \\t]*alias[ \\t]+scsi_hostadapter\\d*[ \\t]+${module}[ \\t]*$`, "m");
    if (USB_OF_INITRD.includes(module.replaceAll("-", "_")) || adapter.test(text)) {
      return `${module}, the driver of ${device.address}, is loaded by the initrd, before ${MODPROBE_CONF} counts`;
    }
    const other = otherInstallLine(text, module);
    if (other !== undefined) {
      return `${MODPROBE_CONF} has "${other}". Put "/sbin/modprobe pciback;" in front of what it does, and this is used`;
    }
  }
  return undefined;
}

function textOf(facts: HostFacts): string {
  return modprobeConf(facts.files)?.text ?? "";
}

function moduleOf(facts: HostFacts, device: PciDevice): string | undefined {
  return device.driver !== undefined && !isStubDriver(device.driver)
    ? facts.pciback.driverModules.get(device.driver)
    : facts.pciback.nativeModules.get(device.address);
}

function entriesOf(facts: HostFacts) {
  return facts.claims.flatMap(({ key, claim }) =>
    claim.entries
      .filter(({ path }) => path === MODPROBE_CONF)
      .flatMap((entry) => {
        const undo = Undo.safeParse(entry.undo).data;
        return undo ? [{ key, entry: entry.entry, undo }] : [];
      }),
  );
}

/** Entries of the same claim that are still in the file. */
function restOf(facts: HostFacts, claim: Claim, address: PciAddress) {
  return entriesOf({ ...facts, claims: [{ key: "", claim }] }).filter(
    (one) => one.entry !== address && modprobeConfHiding.isHidden(facts, one.entry as PciAddress),
  );
}
