import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hideByArgument, unhideByArgument } from "../../provider/boot/hide-argument";
import { withArgument, withoutArgument } from "../../provider/boot/kernel-command-line";
import type { ArgumentEdit, KernelLine } from "../../provider/boot/kernel-line";
import type { Regeneration } from "../../provider/claims/run-record";
import type { HostFacts } from "../../provider/facts/host-facts";
import { keptPlaces, sparing } from "../../provider/plan/argument-places";
import { type BootArgumentsEdit, editBootArguments } from "../../provider/plan/boot-lines";
import { simulate } from "../../provider/steps/steps";
import { withBootFiles } from "../plan/host-files";
import { address, LAB } from "../plan/recorded-host";

const FOLDER = join(__dirname, "../boot-files");

/** One file of boot-files: a host's boot files, what is added to its command lines, and what the files are then. */
interface BootCase {
  readonly facts: HostFacts;
  readonly line: KernelLine;
  readonly add: ArgumentEdit;
  readonly remove: ArgumentEdit;
  readonly becomes: ReadonlyMap<string, string>;
  /** The grub.cfg that is made anew. */
  readonly makes: Regeneration | undefined;
  readonly refused: string | undefined;
}

describe.each(readdirSync(FOLDER))("%s", (name) => {
  const { facts, line, add, remove, becomes, makes, refused } = readCase(readFileSync(join(FOLDER, name), "latin1"));
  const added = editBootArguments(facts, line, add, "add");

  if (refused !== undefined) {
    test("is refused, with the reason", () => {
      expect(added).toEqual({ kind: "error", reason: expect.stringContaining(refused) });
    });
    return;
  }

  test("the file becomes what the case says", () => {
    expect(new Map(edits(added).map(({ path, after }) => [path, after]))).toEqual(becomes);
    const regenerate = added.kind === "edited" ? added.regenerate : [];
    expect(regenerate).toEqual(makes === undefined ? [] : [makes]);
  });

  test("adding twice changes nothing more, and removing restores every byte", () => {
    const then = applied(facts, added);
    expect(edits(editBootArguments(then, line, add, "add"))).toEqual([]);
    const undo = keptPlaces(facts, line, remove, []);
    const back = applied(then, editBootArguments(then, line, sparing(remove, [undo]), "remove"));
    const texts = (facts: HostFacts) => [...facts.files.byPath.values()].map(({ path, text }) => [path, text]).sort();
    expect(texts(back)).toEqual(texts(facts));
  });
});

function readCase(text: string): BootCase {
  const [head = "", ...parts] = text.split(/^(?===== )/m);
  const setting = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(head)?.[1];
  if (!setting("Source")) throw new Error("a case names its source");
  const host = (setting("Host") ?? "").split(", ");
  const told = (word: string) => host.find((part) => part.startsWith(`${word}=`))?.slice(word.length + 1);
  const sections = parts.map((part) => {
    const [, title = "", body = ""] = /^==== (.*)\n([\s\S]*)$/.exec(part) ?? [];
    return { title, body: body.replace(/\n\\ No newline at end of file\n$/, "") };
  });
  const titled = (word: string) =>
    sections.flatMap(({ title, body }) =>
      title.startsWith(`${word} `) ? [[title.slice(word.length + 1), body] as const] : [],
    );
  const files = sections.flatMap(({ title, body }) =>
    title.startsWith("/") ? [{ path: title, target: title, text: body }] : [],
  );
  const boot: HostFacts["boot"] = {
    ...LAB.boot,
    firmware: host.includes("uefi") ? "uefi" : "bios",
    grubDropIns: host.includes("drop-ins"),
    loaderInfo: told("loader"),
    loaderEntry: told("entry"),
    unifiedKernelImage: host.includes("unified kernel image"),
  };
  const made = titled("makes")[0]?.[0];
  const device = setting("Hide");
  const [line = "dom0", word = ""] = (setting("Argument") ?? "dom0").split(" ");
  const name = device === undefined ? (word.split("=")[0] ?? "") : "xen-pciback.hide";
  const change = (edit: ArgumentEdit["edit"]): ArgumentEdit => ({ name, edit });
  return {
    facts: {
      ...withBootFiles(LAB, ...files),
      ...(host.includes("kvm") ? { xen: undefined } : {}),
      machine: { ...LAB.machine, kernelCommandLine: setting("Booted") ?? LAB.machine.kernelCommandLine },
      boot,
      pciback: { ...LAB.pciback, kind: host.includes("pciback=builtin") ? "builtin" : undefined },
    },
    line: line as KernelLine,
    add: change(device === undefined ? withArgument(word) : hideByArgument("xen-pciback.hide", address(device))),
    remove: change(
      device === undefined ? withoutArgument(word) : unhideByArgument("xen-pciback.hide", address(device)),
    ),
    becomes: new Map(titled("becomes")),
    makes:
      made === undefined ? undefined : made === "proxmox-boot" ? { what: made } : { what: "grub-config", path: made },
    refused: titled("refused")[0]?.[0],
  };
}

function edits(edit: BootArgumentsEdit) {
  if (edit.kind === "error") throw new Error(edit.reason);
  return edit.edits;
}

function applied(facts: HostFacts, edit: BootArgumentsEdit): HostFacts {
  return simulate(
    facts,
    edits(edit).map((edited) => ({ kind: "edit-file", ...edited, hides: [], original: "leave" })),
  );
}
