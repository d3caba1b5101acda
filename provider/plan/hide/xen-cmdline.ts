import {
  defaultEntry,
  HIDE_KEY,
  type HideArguments,
  isEdited,
  kernelReads,
  readHideArguments,
  readXenMenu,
  type XenMenu,
  xapiReads,
} from "../../boot/xen-menu";
import { type ClaimEntry, hiddenBy } from "../../claims/claim-entry";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress } from "../../pci/address";
import { addToHideList, hides, parseHideList, removeFromHideList } from "../../pci/hide-list";
import type { Dom0ArgumentEdit } from "../../steps/xen-cmdline";
import { allEntries, originalOf } from "../claim";
import type { HideMechanism } from "../hide-mechanism";
import { NOTHING, part, refuse } from "../part";
import { xenServerMenu } from "../xen-server-menu";

/**
 * XenServer and XCP-ng: pciback is built into the kernel, and `xen-cmdline` writes its list to grub.cfg. XCP-ng 8.3's
 * `xe pci-disable-dom0-access` writes the same list with the same command (pciops.ml), new devices first and the others
 * reversed. So the order means nothing, and dom0 access is defined by the list alone.
 */
export const xenCmdlineHiding: HideMechanism = {
  name: "xen-cmdline",
  hiddenBy: "xen-cmdline",
  undoneByOldEntry: false,
  hosts: "xen",
  fits: (facts) => facts.xenCmdline !== undefined,
  isOnlyWay: (facts) => facts.xenCmdline !== undefined,
  whyNotHide(facts, devices) {
    const list = readList(facts);
    if (list.kind === "unusable") return list.reason;
    const unlistable = devices.find((device) => device.address.indexOf(":") > 4);
    return (
      unlistable &&
      `${unlistable.address} is in a PCI segment that pciback's list cannot express, so it cannot be hidden on this host`
    );
  },
  isHidden(facts, address) {
    const entries = parseHideList(unquoted(hideArguments(facts)?.values.at(-1) ?? "")) ?? [];
    const above = facts.pciDevices.get(address)?.bridges ?? [];
    // pcistub_match (linux, pci_stub.c, 4.19): a bridge in the list hides everything behind it.
    return [address, ...above].some((listed) => entries.some((entry) => hides(entry, listed)));
  },
  hide(facts, device, key) {
    const list = readList(facts);
    if (list.kind === "unusable") return refuse(list.reason);
    const { path, before } = list;
    const { address } = device;
    const after = edited(before ?? "", (text) => addToHideList(text, address));
    const absent = before === undefined || hadNoArgument(allEntries(facts), path);
    return part({
      steps: [edit(facts, key, path, { before, after, hides: [address] }, "keep")],
      entries: [{ kind: "hidden", path, address, undo: { mechanism: "xen-cmdline", absent } }],
    });
  },
  unhide(facts, address, claim, key) {
    const list = readList(facts);
    if (list.kind === "unusable") return refuse(list.reason);
    if (list.before === undefined) return NOTHING;
    const { path, before } = list;
    const left = edited(before, (text) => removeFromHideList(text, address).text);
    if (left === before) return NOTHING; // already removed by somebody else
    const absent = hadNoArgument([...claim.entries, ...allEntries(facts)], path);
    const after = left === "" && absent ? undefined : left;
    return part({ steps: [edit(facts, key, path, { before, after, hides: [] }, "forget")] });
  },
  cautions(facts, devices, change) {
    const value = hideArguments(facts)?.values.at(-1);
    const list = unquoted(value ?? "");
    const strays = hideArguments(facts)?.strays ?? [];
    return [
      ...(value !== undefined && kernelReads(list) && !xapiReads(list)
        ? [
            `the kernel accepts the list ${list}, but XAPI reads only long addresses such as (0000:04:00.0), so its commands for dom0 access fail. The list is kept; to use those commands, write its addresses in the long form`,
          ]
        : []),
      ...strays.map(
        (stray) =>
          `the boot argument ${stray} hides nothing: the kernel does not read it as part of the list. Remove it from the boot entry`,
      ),
      ...(change === "unhide" ? otherEntries(facts, devices) : []),
    ];
  },
  consequences: [],
};

type List =
  | { readonly kind: "list"; readonly path: string; readonly before: string | undefined }
  | { readonly kind: "unusable"; readonly reason: string };

/** The value to edit, or why it cannot be edited. */
function readList(facts: HostFacts): List {
  const unusable = (reason: string): List => ({ kind: "unusable", reason });
  const menu = xenServerMenu(facts);
  if (!menu) return unusable("it has no /opt/xensource/libexec/xen-cmdline, so it is not a XenServer or XCP-ng host");
  if (menu.kind === "unusable") return menu;
  const { path } = menu;
  const found = hideArguments(facts);
  const [other] = found?.otherSpellings ?? [];
  if (other !== undefined) {
    return unusable(
      `${path} has the boot argument ${other}, which the kernel treats as ${HIDE_KEY}, but xen-cmdline does not. Spell it ${HIDE_KEY}: xen-cmdline --set-dom0 "${HIDE_KEY}=…", then --delete-dom0 ${other.slice(0, other.indexOf("="))}`,
    );
  }
  const [value, second] = found?.values ?? [];
  if (second !== undefined) {
    return unusable(
      `${path} has the boot argument ${HIDE_KEY} several times (${found?.values.join(" and ")}), and the kernel uses only the last one. Merge them: xen-cmdline --set-dom0 "${HIDE_KEY}=…"`,
    );
  }
  if (value !== undefined && !kernelReads(unquoted(value))) {
    return unusable(
      `${path} has ${HIDE_KEY}=${value}, which the kernel does not accept: with it pciback does not start, and nothing is hidden. It was left unchanged; fix it first`,
    );
  }
  return { kind: "list", path, before: value };
}

/** The arguments as xen-cmdline reports them; other spellings are found only in the file. */
function hideArguments(facts: HostFacts): HideArguments | undefined {
  const { xenCmdline } = facts;
  if (xenCmdline?.hide.kind !== "arguments") return undefined;
  const booted = xenCmdline.file && defaultEntry(readXenMenu(xenCmdline.file.text))?.dom0Arguments;
  const inFile = readHideArguments(booted ?? []);
  return inFile.otherSpellings.length > 0
    ? inFile
    : { ...inFile, values: readHideArguments(xenCmdline.hide.arguments).values };
}

/**
 * Warnings about entries that also hide a function, and that xen-cmdline never edits: an upgrade writes the list to all
 * entries.
 */
function otherEntries(facts: HostFacts, devices: readonly PciDevice[]): readonly string[] {
  const menu: XenMenu | undefined = facts.xenCmdline?.file && readXenMenu(facts.xenCmdline.file.text);
  const hiding = (menu?.entries ?? []).filter((entry) => {
    if (isEdited(entry, facts.xapi?.brand ?? "")) return false;
    const lists = readHideArguments(entry.dom0Arguments).values.map((value) => parseHideList(unquoted(value)) ?? []);
    return lists.flat().some((entries) => devices.some((device) => hides(entries, device.address)));
  });
  return hiding.map(
    (entry) =>
      `the boot entry "${entry.title}" also hides it, and xen-cmdline does not edit that entry: a boot with it still hides the device`,
  );
}

/** A quoted value may contain spaces: GRUB passes it as one argument. */
function edited(value: string, change: (list: string) => string): string {
  return value.startsWith('"') ? `"${change(unquoted(value))}"` : change(value);
}

function unquoted(value: string): string {
  return value.replace(/^"(.*)"$/, "$1");
}

/** Whether the argument was not there before our first entry. */
function hadNoArgument(entries: readonly ClaimEntry[], path: string): boolean {
  return hiddenBy(entries, "xen-cmdline").some((entry) => entry.path === path && entry.undo.absent);
}

function edit(
  facts: HostFacts,
  key: string,
  path: string,
  change: { before: string | undefined; after: string | undefined; hides: readonly PciAddress[] },
  when: "keep" | "forget",
): Dom0ArgumentEdit {
  return { kind: "set-dom0-argument", path, name: HIDE_KEY, ...change, original: originalOf(facts, key, path, when) };
}
