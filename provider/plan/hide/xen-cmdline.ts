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

/**
 * XenServer and XCP-ng: pciback is in the kernel, and `xen-cmdline` writes its list into grub.cfg. XCP-ng 8.3's
 * `xe pci-disable-dom0-access` writes the same list by the same command (pciops.ml), new devices in front and the others
 * turned around: there is one list, whose groups are a set, and a state of dom0 access is nothing but what stands in it.
 */
export const xenCmdlineHiding: HideMechanism = {
  name: "xen-cmdline",
  hiddenBy: "xen-cmdline",
  hosts: "xen",
  isOnlyWay: (facts) => facts.xenCmdline !== undefined,
  whyNotHide(facts, devices) {
    const list = readList(facts);
    if (list.kind === "unusable") return list.reason;
    const far = devices.find((device) => device.address.indexOf(":") > 4);
    return far && `${far.address} is in a segment that the list of pciback cannot name`;
  },
  isHidden(facts, address) {
    const entries = parseHideList(unquoted(hideArguments(facts)?.values.at(-1) ?? "")) ?? [];
    const above = facts.pciDevices.get(address)?.bridges ?? [];
    // pcistub_match (linux, pci_stub.c, 4.19): a bridge in the list hides everything below it.
    return [address, ...above].some((one) => entries.some((entry) => hides(entry, one)));
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
  whyNotUnhide(facts) {
    const list = readList(facts);
    return list.kind === "unusable" ? list.reason : undefined;
  },
  unhide(facts, address, claim, key) {
    const list = readList(facts);
    if (list.kind === "unusable") return refuse(list.reason);
    if (list.before === undefined) return NOTHING;
    const { path, before } = list;
    const left = edited(before, (text) => removeFromHideList(text, address).text);
    if (left === before) return NOTHING; // somebody has taken it out already
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
            `the kernel accepts the list ${list}, but XAPI reads long addresses such as (0000:04:00.0) alone: its own commands about dom0 access fail with it. It is kept as it is`,
          ]
        : []),
      ...strays.map((stray) => `the boot argument ${stray} hides nothing: the kernel takes it for something else`),
      ...(change === "unhide" ? otherEntries(facts, devices) : []),
    ];
  },
  consequences: [],
};

type List =
  | { readonly kind: "list"; readonly path: string; readonly before: string | undefined }
  | { readonly kind: "unusable"; readonly reason: string };

/** The one value that there is to edit, or why there is none. */
function readList(facts: HostFacts): List {
  const { xenCmdline, xapi } = facts;
  const unusable = (reason: string): List => ({ kind: "unusable", reason });
  if (!xenCmdline) return unusable("it has no /opt/xensource/libexec/xen-cmdline: it is no XenServer or XCP-ng");
  const { file, hide } = xenCmdline;
  if (!file) return unusable("xen-cmdline finds no grub.cfg, neither for UEFI nor for BIOS");
  if (hide.kind === "failed")
    return unusable(`xen-cmdline cannot read ${file.path}: ${hide.said}. Mend that file first`);
  const menu = readXenMenu(file.text);
  const entry = defaultEntry(menu);
  if (!entry || !isEdited(entry, xapi?.brand ?? "")) {
    return unusable(
      `${file.path} boots the entry "${entry?.title ?? menu.default}", and xen-cmdline edits only the one that is called "${xapi?.brand}": what it writes would not be booted. Make that one the default first`,
    );
  }
  const found = hideArguments(facts);
  const [other] = found?.otherSpellings ?? [];
  if (other !== undefined) {
    return unusable(
      `${file.path} has the boot argument ${other}, which xen-cmdline takes for another one than ${HIDE_KEY}, and the kernel for the same. Spell it ${HIDE_KEY}: xen-cmdline --set-dom0 "${HIDE_KEY}=…", then --delete-dom0 ${other.slice(0, other.indexOf("="))}`,
    );
  }
  const [value, second] = found?.values ?? [];
  if (second !== undefined) {
    return unusable(
      `${file.path} has the boot argument ${HIDE_KEY} several times (${found?.values.join(" and ")}), and the kernel heeds the last one alone. Join them into one: xen-cmdline --set-dom0 "${HIDE_KEY}=…"`,
    );
  }
  if (value !== undefined && !kernelReads(unquoted(value))) {
    return unusable(
      `${file.path} has ${HIDE_KEY}=${value}, which the kernel does not accept: with it pciback does not start, and nothing is hidden. It was left alone; mend it first`,
    );
  }
  return { kind: "list", path: file.target, before: value };
}

/** xen-cmdline's own word for what it knows; other spellings stand in the file alone. */
function hideArguments(facts: HostFacts): HideArguments | undefined {
  const { xenCmdline } = facts;
  if (xenCmdline?.hide.kind !== "arguments") return undefined;
  const booted = xenCmdline.file && defaultEntry(readXenMenu(xenCmdline.file.text))?.dom0Arguments;
  const inFile = readHideArguments(booted ?? []);
  return inFile.otherSpellings.length > 0
    ? inFile
    : { ...inFile, values: readHideArguments(xenCmdline.hide.arguments).values };
}

/** Entries that hide a function too, and that xen-cmdline never edits: an upgrade writes the list into all of them. */
function otherEntries(facts: HostFacts, devices: readonly PciDevice[]): readonly string[] {
  const menu: XenMenu | undefined = facts.xenCmdline?.file && readXenMenu(facts.xenCmdline.file.text);
  const hiding = (menu?.entries ?? []).filter((entry) => {
    if (isEdited(entry, facts.xapi?.brand ?? "")) return false;
    const lists = readHideArguments(entry.dom0Arguments).values.map((value) => parseHideList(unquoted(value)) ?? []);
    return lists.flat().some((one) => devices.some((device) => hides(one, device.address)));
  });
  return hiding.map(
    (entry) =>
      `the boot entry "${entry.title}" hides it too, and xen-cmdline does not edit that one: so does a boot with it`,
  );
}

/** A value in quotes may hold spaces: GRUB hands it on as one argument. */
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
