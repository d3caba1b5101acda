import fs from "node:fs";
import type { Step } from "../../provider/steps/steps";
import { group, scriptOf } from "../script/apply-groups";
import { DirectoryHost, SHELLS } from "../script/directory-host";
import { XEN_MENUS } from "../xen-menus";

const VM = "5f6a7b8c-9d0e-4f1a-b2c3-d4e5f6a7b8c9";
const GRUB = "/boot/grub/grub.cfg";

/** xe and xen-cmdline on two files: a value and an argument. XE_EXTRA_ARGS would be an error. */
const COMMANDS = {
  xe: `
[ -z "\${XE_EXTRA_ARGS:-}" ] || { echo "extra arguments" >&2; exit 1; }
case $1 in
  vm-param-get) [ -e "$ROOT/pci" ] || { echo "Error: Key pci not found in map" >&2; exit 1; }; cat "$ROOT/pci"; echo ;;
  vm-param-set) [ ! -e "$ROOT/fail-set" ] || { rm -f "$ROOT/pci" "$ROOT/fail-set"; echo "MAP_DUPLICATE_KEY" >&2; exit 1; }
    printf %s "\${3#other-config:pci=}" > "$ROOT/pci" ;;
  vm-param-remove) rm "$ROOT/pci" ;;
esac`,
  "xen-cmdline": `
case $1 in
  --get-dom0) [ ! -e "$ROOT/argument" ] || cat "$ROOT/argument"; echo ;;
  --set-dom0) [ ! -e "$ROOT/ignores" ] || exit 0; printf %s "$2" > "$ROOT/argument"
    [ ! -e "$ROOT/rewritten" ] || cp "$ROOT/rewritten" "$ROOT/boot/grub/grub.cfg" ;;
  --delete-dom0) rm -f "$ROOT/argument" ;;
esac`,
};

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
  host.write(GRUB, "menuentry 'XCP-ng' {\n}\n");
  for (const [name, text] of Object.entries(COMMANDS)) {
    fs.writeFileSync(host.path(`/bin/${name}`), `#!/bin/sh\nROOT='${host.root}'\n${text}\n`, { mode: 0o755 });
  }
});
afterEach(() => host.remove());

const apply = (shell: readonly string[], ...steps: Step[]) => {
  const script = scriptOf(group(...steps));
  const text = script.text
    .replaceAll("/opt/xensource/libexec/xen-cmdline", "xen-cmdline")
    .replaceAll(GRUB, host.path(GRUB));
  const { stdout, stderr } = host.run(shell, `XE_EXTRA_ARGS=server=elsewhere\nexport XE_EXTRA_ARGS\n${text}`);
  const result = script.read(stdout);
  if (result.kind !== "ended") throw new Error(`${result.kind}: ${stdout}${stderr}`);
  return result.groups[0];
};
const setPci = (before: string | undefined, after: string | undefined): Step => ({
  kind: "set-vm-pci",
  vm: { uuid: VM, name: "gpu1" },
  before,
  after,
  gives: [],
  takes: [],
});
const setHide = (before: string | undefined, after: string | undefined): Step => ({
  kind: "set-dom0-argument",
  path: GRUB,
  name: "xen-pciback.hide",
  before,
  after,
  hides: [],
  original: "keep",
});

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("a value of any characters is written as it is, and goes again", () => {
    const value = 'it\'s $(a) "b" \\n \\\\ `c` *,0/0000:04:00.0';
    expect(apply(shell, setPci(undefined, value))).toEqual({ kind: "done" });
    expect(host.read("/pci")).toBe(value);
    expect(apply(shell, setPci(value, ""))).toEqual({ kind: "done" });
    expect(host.read("/pci")).toBe("");
    expect(apply(shell, setPci("", undefined))).toEqual({ kind: "done" });
    expect(host.read("/pci")).toBeUndefined();
  });

  test("a value that is another than the plan knew is left alone", () => {
    host.write("/pci", "0/0000:05:00.0");
    expect(apply(shell, setPci(undefined, "0/0000:04:00.0"))).toMatchObject({ kind: "stale" });
    expect(host.read("/pci")).toBe("0/0000:05:00.0");
  });

  test("a write that xapi broke off is put back", () => {
    host.write("/pci", "0/0000:05:00.0");
    host.write("/fail-set", "");
    const outcome = apply(shell, setPci("0/0000:05:00.0", "0/0000:05:00.0,1/0000:04:00.0"));
    expect(outcome).toMatchObject({
      kind: "failed",
      step: 'set other-config:pci of the VM "gpu1" to 0/0000:05:00.0,1/0000:04:00.0',
      output: "MAP_DUPLICATE_KEY",
      notUndone: [],
    });
    expect(host.read("/pci")).toBe("0/0000:05:00.0");
  });

  test("an argument is set and taken away, and the first text of the file is kept", () => {
    expect(apply(shell, setHide(undefined, "(0000:04:00.0)"))).toEqual({ kind: "done" });
    expect(host.read("/argument")).toBe("xen-pciback.hide=(0000:04:00.0)");
    expect(apply(shell, setHide("(0000:04:00.0)", undefined))).toEqual({ kind: "done" });
    expect(host.read("/argument")).toBeUndefined();
  });

  test("xen-cmdline that ends with 0 and changes nothing is seen", () => {
    host.write("/ignores", "");
    const outcome = apply(shell, setHide(undefined, "(0000:04:00.0)"));
    expect(outcome).toMatchObject({ kind: "failed", output: expect.stringContaining('says "", not "xen-pciback') });
    expect(outcome).toMatchObject({ notUndone: [] });
  });

  test("a menu that loses its timeout is restored byte for byte, with its mode, and the lost line is named", () => {
    const menu = "set timeout=0\nmenuentry 'XCP-ng' {\n}\n";
    host.write(GRUB, menu);
    fs.chmodSync(host.path(GRUB), 0o640);
    host.write("/rewritten", menu.replace("set timeout=0\n", "set default=0\n"));
    const outcome = apply(shell, setHide(undefined, "(0000:04:00.0)"));
    expect(outcome).toMatchObject({
      kind: "failed",
      output: expect.stringMatching(/another boot menu than was meant[\s\S]*lost: set timeout=0[\s\S]*was restored/),
    });
    expect(host.read(GRUB)).toBe(menu);
    expect(fs.statSync(host.path(GRUB)).mode & 0o777).toBe(0o640);
  });
});

const MENUS = XEN_MENUS.flatMap(({ name, menu, refused, rewritten }) =>
  Object.entries(rewritten).flatMap(([release, made]) =>
    made.kind === "text" ? [{ name, menu, release, made: made.text, refused }] : [],
  ),
);
test.each(MENUS)("$name as python-libs $release writes it: kept if it means the same, else restored", (menu) => {
  host.write(GRUB, menu.menu);
  host.write("/rewritten", menu.made);
  const outcome = apply(SHELLS[0] ?? [], setHide(undefined, "(0000:04:00.0)"));
  // A menu that neither release damages is never refused, and one that this release damages is never kept.
  if (menu.refused === undefined) expect(outcome).toEqual({ kind: "done" });
  const isHarmless = outcome?.kind === "done";
  expect(host.read(GRUB)).toBe(isHarmless ? menu.made : menu.menu);
  expect(isHarmless).toBe(menu.refused === undefined || menu.menu === menu.made);
});
