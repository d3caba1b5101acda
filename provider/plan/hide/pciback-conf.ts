import { addModule, listsModule, removeModule } from "../../boot/module-list";
import {
  BOOT_SCRIPT,
  BOOT_SCRIPT_NAME,
  BOOT_UNIT,
  PCIBACK_CONF,
  SYSTEMD_SCRIPT,
  SYSTEMD_UNIT,
  SYSV_SCRIPT,
} from "../../boot/pciback-boot-script";
import { addToPcibackConf, parsePcibackConf, removeFromPcibackConf } from "../../boot/pciback-conf";
import type { Claim } from "../../claims/claim";
import { hiddenBy, standsIn } from "../../claims/claim-entry";
import type { HostFacts } from "../../facts/host-facts";
import { ETC_MODULES, MODULES_LOAD_FILE, moduleLists, ownReaders } from "../../facts/pciback-conf";
import type { PciAddress } from "../../pci/address";
import { type Step, simulate } from "../../steps/steps";
import { allEntries, originalOf, otherEntries } from "../claim";
import type { HideMechanism } from "../hide-mechanism";
import { part } from "../part";

/**
 * /etc/xen/pciback.conf and a script that reads it late in the boot, after the devices' own drivers have taken them;
 * independent of the boot loader and the initramfs. An existing script of the user is used and left unchanged. Without
 * one, our script is installed with our first entry and removed with the last.
 */
export const pcibackConfHiding: HideMechanism = {
  name: "pciback-conf",
  hiddenBy: "pciback-conf",
  undoneByOldEntry: false,
  hosts: "xen",
  whyNotHide,
  isCustomary: (facts) => ownReaders(facts.pcibackConf, facts.files).some((reader) => reader.started),
  isHidden: (facts, address) => confHas(facts, address) && isRead(facts) && isLoaded(facts),
  hide(facts, device, key) {
    const draft = new Draft(facts, key, "keep");
    const conf = textOf(facts, PCIBACK_CONF);
    draft.edit(PCIBACK_CONF, addToPcibackConf(conf, device.address), [device.address]);
    const list = moduleListOf(facts);
    if (list !== undefined) draft.edit(list.path, addModule(textOf(facts, list.path), list.module));
    for (const [path, text] of ownReaders(facts.pcibackConf, facts.files).length > 0 ? [] : bootFiles(facts))
      draft.edit(path, text);
    const init = facts.pcibackConf.init;
    if (init && !isRead(draft.facts))
      draft.steps.push({ kind: "boot-script", name: BOOT_SCRIPT_NAME, init, started: true });
    const { address } = device;
    return part({
      steps: draft.steps,
      entries: draft.paths.map((path) => ({ kind: "hidden", path, address, undo: { mechanism: "pciback-conf" } })),
    });
  },
  unhide(facts, address, claim, key) {
    const draft = new Draft(facts, key, "forget");
    const paths = hiddenBy(claim.entries, "pciback-conf").flatMap((entry) =>
      entry.address === address ? [entry.path] : [],
    );
    const last = (path: string) => paths.includes(path) && !othersNeed(facts, key, claim, address, path);
    const { init, started } = facts.pcibackConf;
    if (
      init &&
      (last(SYSV_SCRIPT) || last(SYSTEMD_UNIT)) &&
      started.some((name) => name.startsWith(BOOT_SCRIPT_NAME))
    ) {
      draft.steps.push({ kind: "boot-script", name: BOOT_SCRIPT_NAME, init, started: false });
    }
    for (const path of [...paths].reverse()) {
      const text = textOf(facts, path);
      if (text === undefined) continue;
      if (path === PCIBACK_CONF) draft.edit(path, removeFromPcibackConf(text, address));
      else if (!last(path)) continue;
      else if (path === ETC_MODULES) draft.edit(path, removeModule(text, facts.pciback.module));
      else draft.edit(path, undefined);
    }
    return part({ steps: draft.steps });
  },
  consequences: ["at each boot its own driver holds it until the boot script binds it to pciback"],
};

function whyNotHide(facts: HostFacts): string | undefined {
  if (facts.pciback.kind === undefined) {
    return `its kernel ${facts.machine.kernelRelease} has no xen-pciback, neither as a module nor built in. Install a kernel that has it`;
  }
  const readers = ownReaders(facts.pcibackConf, facts.files);
  if (readers.some((reader) => reader.started)) return undefined;
  const [idle] = readers;
  if (idle) {
    return `${idle.path} reads ${PCIBACK_CONF}, but nothing starts it at boot. Enable it ("insserv ${BOOT_SCRIPT_NAME}", "systemctl enable"), or remove it: then a script is installed in its place`.replace(
      BOOT_SCRIPT_NAME,
      idle.path.slice(idle.path.lastIndexOf("/") + 1),
    );
  }
  return facts.pcibackConf.init === undefined
    ? "the boot script needs systemd or SysV init scripts (insserv, update-rc.d or chkconfig), and this host has neither"
    : undefined;
}

function confHas(facts: HostFacts, address: PciAddress): boolean {
  return parsePcibackConf(textOf(facts, PCIBACK_CONF) ?? "").includes(address);
}

/** Whether a script reads the list at boot, whoever wrote that script. */
function isRead(facts: HostFacts): boolean {
  const { pcibackConf } = facts;
  if (ownReaders(pcibackConf, facts.files).some((reader) => reader.started)) return true;
  const script = pcibackConf.init === "systemd" ? SYSTEMD_SCRIPT : SYSV_SCRIPT;
  const name = pcibackConf.init === "systemd" ? `${BOOT_SCRIPT_NAME}.service` : BOOT_SCRIPT_NAME;
  return facts.files.byPath.has(script) && pcibackConf.started.includes(name);
}

/** Whether the driver is there by then: part of the kernel, or loaded by a list of modules or by what reads the list. */
function isLoaded(facts: HostFacts): boolean {
  const list = moduleListOf(facts);
  if (list === undefined || listsModule(textOf(facts, list.path) ?? "", list.module)) return true;
  const readers = ownReaders(facts.pcibackConf, facts.files).filter(({ started }) => started);
  return readers.some(({ path }) => /\bmodprobe\b.*pciback/.test(textOf(facts, path) ?? ""));
}

function bootFiles(facts: HostFacts): readonly (readonly [string, string])[] {
  if (facts.pcibackConf.init === "sysv") return [[SYSV_SCRIPT, BOOT_SCRIPT]];
  return [
    [SYSTEMD_SCRIPT, BOOT_SCRIPT],
    [SYSTEMD_UNIT, BOOT_UNIT],
  ];
}

/**
 * Where to list the module so that it is loaded at boot: where our earlier entry is; undefined when it is listed
 * already or built in.
 */
function moduleListOf(facts: HostFacts): { readonly path: string; readonly module: string } | undefined {
  const { module, kind } = facts.pciback;
  if (kind !== "module") return undefined;
  const earlier = hiddenBy(allEntries(facts), "pciback-conf").find(
    ({ path }) => path === ETC_MODULES || path === MODULES_LOAD_FILE,
  );
  if (earlier) return { path: earlier.path, module };
  const lists = moduleLists(facts.files);
  if (lists.some(({ text }) => listsModule(text, module))) return undefined;
  if (lists.some(({ path }) => path === ETC_MODULES)) return { path: ETC_MODULES, module };
  return facts.pcibackConf.modulesLoad ? { path: MODULES_LOAD_FILE, module } : undefined;
}

/** Whether another hidden function, of any claim, still needs what was written to this file. */
function othersNeed(facts: HostFacts, key: string, claim: Claim, address: PciAddress, path: string): boolean {
  if (otherEntries(facts, key).some((entry) => standsIn(entry, path))) return true;
  return hiddenBy(claim.entries, "pciback-conf").some(
    (entry) => entry.path === path && entry.address !== address && confHas(facts, entry.address),
  );
}

function textOf(facts: HostFacts, path: string): string | undefined {
  return facts.files.byPath.get(path)?.text;
}

/** Collects edits, and the files that hold something for a function. */
class Draft {
  readonly steps: Step[] = [];
  readonly paths: string[] = [];

  constructor(
    private readonly before: HostFacts,
    private readonly key: string,
    private readonly when: "keep" | "forget",
  ) {}

  get facts(): HostFacts {
    return simulate(this.before, this.steps);
  }

  edit(path: string, after: string | undefined, hides: readonly PciAddress[] = []): void {
    this.paths.push(path);
    const before = textOf(this.before, path);
    const target = this.before.files.byPath.get(path)?.target ?? path;
    if (before === after) return;
    const original = originalOf(this.before, this.key, path, this.when);
    this.steps.push({ kind: "edit-file", path: target, before, after, hides, original });
  }
}
