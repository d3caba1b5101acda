import fs from "node:fs";
import path from "node:path";
import { readEarlyScript } from "../../provider/boot/early-script";
import { readEnvironmentBlock, withVariable } from "../../provider/boot/environment-block";
import { defaultGrubEntry, grubConfigLines } from "../../provider/boot/grub-config";
import { addToGrubDefaults, removeFromGrubDefaults } from "../../provider/boot/grub-defaults";
import { hideByArgument, unhideByArgument } from "../../provider/boot/hide-argument";
import { catches } from "../../provider/boot/id-list";
import { readCommandLine } from "../../provider/boot/kernel-command-line";
import { defaultLegacyEntry, editLegacyGrub } from "../../provider/boot/legacy-grub";
import { editLoaderEntries, loaderEntryLines } from "../../provider/boot/loader-entries";
import { hideOptions, otherInstallLine } from "../../provider/boot/modprobe-conf";
import { hideByModprobe, unhideByModprobe } from "../../provider/boot/modprobe-files";
import { listsModule } from "../../provider/boot/module-list";
import { parsePcibackConf } from "../../provider/boot/pciback-conf";
import { readShellFile } from "../../provider/boot/shell-assignments";
import { defaultEntry, readHideArguments, readXenMenu } from "../../provider/boot/xen-menu";
import { parseClaim } from "../../provider/claims/claim";
import { parseId, parseKey } from "../../provider/claims/claim-key";
import { PassthroughError } from "../../provider/errors";
import type { Fact } from "../../provider/facts/answers";
import { FACTS, readHostFacts } from "../../provider/facts/host-facts";
import { readXeRecords, readXeReference } from "../../provider/facts/xe-output";
import { readXendDomains } from "../../provider/facts/xend-domains";
import { parseKnownHosts } from "../../provider/host/known-hosts";
import { parseProxyJump } from "../../provider/host/proxy-jump";
import { readSshConfig } from "../../provider/host/ssh-config-file";
import { type PciAddress, parsePciTarget } from "../../provider/pci/address";
import { parseHideList } from "../../provider/pci/hide-list";
import { readDomainXml, splitDomainXmls, UnreadableDomainXml } from "../../provider/vm-text/domain-xml";
import { readOtherConfigPci } from "../../provider/vm-text/other-config-pci";
import { parseSpecString, specOf } from "../../provider/vm-text/spec-string";
import { parseSxp } from "../../provider/vm-text/sxp";
import { parseConfigSpaceField } from "../../provider/vm-text/xend-pci-quirks";
import { parseXlConfig } from "../../provider/vm-text/xl-config";
import { addPciEntry, NO_ADDITIONS } from "../../provider/vm-text/xl-config-edit";
import { XM_LANGUAGE } from "../../provider/vm-text/xl-config-language";
import { readAnswers } from "../facts/read-answers";
import { mutated, Random } from "./mutation";

/** A parser of text that others wrote, texts that it is for, and whether an error is one that it documents. */
interface Parser {
  readonly name: string;
  readonly texts: readonly string[];
  parse(text: string): unknown;
  isDocumented(error: unknown): boolean;
}

const TESTS = path.dirname(__dirname);
const ADDRESS = "0000:04:00.0" as PciAddress;
const ENTRY = specOf(ADDRESS, {});
const HIDE = { name: "xen-pciback.hide", edit: hideByArgument("xen-pciback.hide", ADDRESS) };
const UNHIDE = { name: "xen-pciback.hide", edit: unhideByArgument("xen-pciback.hide", ADDRESS) };
const LINES = ["linux", "dom0", "xen"] as const;

const never = () => false;
const passthroughError = (error: unknown) => error instanceof PassthroughError;

/** The files of test/boot-files whose path ends so. */
function bootFiles(ending: RegExp): readonly string[] {
  const folder = path.join(TESTS, "boot-files");
  return fs.readdirSync(folder).flatMap((name) =>
    fs
      .readFileSync(path.join(folder, name), "latin1")
      .split(/^==== /m)
      .flatMap((section) =>
        ending.test(section.split("\n")[0] ?? "") ? [section.slice(section.indexOf("\n") + 1)] : [],
      ),
  );
}

function vmFiles(): readonly string[] {
  const folder = path.join(TESTS, "vm-text/cases/xl-config");
  return fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), "latin1"));
}

function recorded(): readonly string[] {
  return ["debian12-kvm", "debian12-xen4.17"].map((host) =>
    fs.readFileSync(path.join(TESTS, "recorded", host, "facts.txt"), "latin1"),
  );
}

const parser = (
  name: string,
  texts: readonly string[],
  parse: (text: string) => unknown,
  isDocumented: Parser["isDocumented"] = never,
): Parser => ({ name, texts: texts.length > 0 ? texts : [""], parse, isDocumented });

/** All parsers. Each is asked for the same number of cases. */
function allParsers(): readonly Parser[] {
  const defaults = bootFiles(/^\/etc\/default\/grub/);
  const configs = bootFiles(/grub\.cfg$/);
  const legacy = bootFiles(/(?:grub\.conf|menu\.lst)$/);
  const modprobe = ["options xen-pciback hide=(0000:04:00.0)\nsoftdep e1000e pre: xen-pciback\ninstall a b; \\\n c\n"];
  const lines = ['root=/dev/sda1 ro quiet xen-pciback.hide=(04:00.0)(0000:05:00.*) a="b c" -- init'];
  const known = [
    "# c\n@cert-authority *.x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0\n[h]:22,!b ssh-rsa AAAAB3NzaC1yc2E=\n",
  ];
  const ssh = [
    'Host a !b *.c\n  HostName=x\n  IdentityFile "~/.ssh/i d"\n  ProxyJump u@h:22,b\nMatch host a user b\n  Port 22\nInclude d/*\n',
  ];
  const keys = ["HiddenPciDevice/0000:01:00.0", "VmPciAttachment/vm/0000:01:00.0", "abc/AssignableDevice/0000:01:00.*"];
  const claim =
    '{"version":2,"token":"t","project":"p","stack":"s","label":"l","functions":[],"entries":[{"kind":"hidden","path":"/x","address":"0000:01:00.0","undo":{"mechanism":"grub"}}]}\n';
  const xml =
    "<domain type='kvm' id='1'><name>a</name><uuid>1f</uuid><devices><hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></source></hostdev></devices></domain>";
  const sxp = ["(domain (domid 1) (name a) (device (pci (dev (bus 0x4) (slot 0) (func 0)))) # c\n ('a\\'b' \"c\"))"];
  const grubenv = [`# GRUB Environment Block\nkernelopts=root=x ro \\\\ quiet\nsaved_entry=1\n${"#".repeat(960)}`];
  const loader = ["title A\nversion 5\nlinux /v\noptions $kernelopts a=b\n", "title B\noptions root=x ro\n"];
  const modprobed = (text: string) => [{ path: "/etc/modprobe.d/a.conf", target: "/etc/modprobe.d/a.conf", text }];
  const grub = (text: string) => ({ dropIns: text.length % 2 === 0, files: [{ path: "/etc/default/grub", text }] });
  const entries = (text: string) => ({
    entries: [{ path: "/a.conf", text }],
    grubenv: { path: "/grubenv", text: grubenv[0] ?? "" },
  });
  return [
    parser("shell file", defaults, readShellFile),
    parser("GRUB's defaults", defaults, (text) =>
      LINES.map((line) => [
        addToGrubDefaults(grub(text), line, HIDE),
        removeFromGrubDefaults(grub(text), line, UNHIDE),
      ]),
    ),
    parser("grub.cfg", configs, (text) => [
      LINES.map((line) => grubConfigLines(text, line)),
      defaultGrubEntry(text, new Map()),
    ]),
    parser("grub.conf", legacy, (text) => [
      LINES.map((line) => editLegacyGrub(text, line, HIDE)),
      defaultLegacyEntry(text),
    ]),
    parser("loader entry", loader, (text) => [editLoaderEntries(entries(text), HIDE), loaderEntryLines(entries(text))]),
    parser("grubenv", grubenv, (text) => [readEnvironmentBlock(text), withVariable(text, "kernelopts", "a")]),
    parser("kernel command line", lines, (text) => [readCommandLine(text), HIDE.edit(text), UNHIDE.edit(text)]),
    parser(
      "modprobe.d",
      modprobe,
      (text) => {
        hideByModprobe(modprobed(text), ADDRESS, "e1000e");
        return unhideByModprobe(modprobed(text), ADDRESS, "e1000e");
      },
      passthroughError,
    ),
    parser("modprobe.conf", modprobe, (text) => [hideOptions(text), otherInstallLine(text, "e1000e")]),
    parser("module list", ["# c\nxen_pciback\n"], (text) => listsModule(text, "xen-pciback")),
    parser("id list", ["8086:10d3,10de:1b80:ffffffff:ffffffff"], (text) =>
      catches(text, { id: "8086:10d3", subsystem: "8086:0000" }),
    ),
    parser("pciback.conf", ["# c\n0000:04:00.0 x\n"], parsePcibackConf),
    parser("early script", ["pci_passthrough_take pciback 0000:04:00.0\n"], readEarlyScript),
    parser("XenServer's menu", configs, (text) =>
      readHideArguments(defaultEntry(readXenMenu(text))?.dom0Arguments ?? []),
    ),
    parser("xl configuration", vmFiles(), (text) => [parseXlConfig(text), addPciEntry(text, ENTRY)]),
    parser("xm configuration", vmFiles(), (text) => [
      parseXlConfig(text, XM_LANGUAGE),
      addPciEntry(text, ENTRY, NO_ADDITIONS, XM_LANGUAGE),
    ]),
    parser("spec string", ["01:00.0@1f,permissive=1,rdm_policy=strict", "bdf=0:1:2.3,vslot=4,name=x"], parseSpecString),
    parser("other-config:pci", ["0/0000:04:00.0,1/0000:05:00.0"], readOtherConfigPci),
    parser("S-expression", sxp, (text) => [parseSxp(text), readXendDomains(text)], passthroughError),
    parser("field of configuration space", ["00000020:4:00000000"], parseConfigSpaceField),
    parser(
      "domain XML",
      [xml],
      (text) => splitDomainXmls(text).map(readDomainXml),
      (error) => error instanceof UnreadableDomainXml,
    ),
    parser("xe records", ["uuid ( RO)    : 1f\n  name-label ( RW): a: b\n\n"], (text) => [
      readXeRecords(text, ["uuid", "name-label"]),
      readXeReference(text),
    ]),
    parser("claim", [claim], parseClaim),
    parser("claim key", keys, parseKey),
    parser("id", keys, parseId, passthroughError),
    parser("PCI address", ["0000:04:00.0", "04:1f.*"], parsePciTarget),
    parser("hide list", ["(0000:04:00.0)(05:00.*)(*)"], parseHideList),
    parser("known_hosts", known, (text) => parseKnownHosts(text, "known_hosts")),
    parser(
      "ssh_config",
      ssh,
      (text) =>
        readSshConfig(text, { address: "a", user: "b", port: undefined, localUser: "c" }, () => [text.slice(3)]),
      passthroughError,
    ),
    parser("ProxyJump", ["u@h:22,[::1]:5,ssh://x@y"], parseProxyJump, passthroughError),
    parser("answers of a host", recorded(), readHostFacts, passthroughError),
    ...Object.values<Fact<unknown>>(FACTS).map((fact) => factParser(fact)),
  ];
}

/** The parser of one answer; where no record has the answer, the others lend their texts. */
function factParser(fact: Fact<unknown>): Parser {
  const answers = recorded().map(readAnswers);
  const own = answers.flatMap((answer) => answer.get(fact.name)?.text ?? []);
  const parse = (text: string) => fact.parse({ text, exitCode: text.length % 3 === 0 ? 1 : 0 });
  return parser(`fact ${fact.name}`, own, parse, passthroughError);
}

/** A way to try a parser: a text, and what the parser did with it. */
export interface FuzzCase {
  readonly parser: string;
  readonly text: string;
  /** Undefined when the parser returned, or threw an error that it documents. */
  run(): string | undefined;
}

/** The cases of a seed, by their number. The same seed and number give the same case. */
export function fuzzCases(seed: number): (index: number) => FuzzCase {
  const parsers = allParsers();
  const texts = parsers.flatMap((each) => each.texts);
  return (index) => {
    const chosen = parsers[index % parsers.length];
    if (!chosen) throw new Error("there is no parser");
    const random = new Random(seed, index);
    const text = mutated(random.pick(chosen.texts, ""), texts, random);
    return { parser: chosen.name, text, run: () => wrongError(chosen, text) };
  };
}

function wrongError({ parse, isDocumented }: Parser, text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return isDocumented(error) ? undefined : String(error instanceof Error ? error.stack : error);
  }
}
