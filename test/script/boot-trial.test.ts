import {
  CUSTOM_CONFIG,
  environmentBlock,
  OLD_ENTRY,
  TRIAL_ENVIRONMENT,
  titleOnTrial,
} from "../../provider/boot/boot-trial-files";
import { topGrubEntries } from "../../provider/boot/grub-entry";
import type { Regeneration } from "../../provider/claims/run-record";
import type { Step } from "../../provider/steps/steps";
import { applyTo, EDIT, TAKE } from "./apply-groups";
import { DirectoryHost, SHELLS } from "./directory-host";

const GRUB_CONFIG = `menuentry 'Debian GNU/Linux' {
	linux /boot/vmlinuz-6.1 root=LABEL=root ro
	initrd /boot/initrd.img-6.1
}
`;
const OTHER_EDIT: Step = { ...EDIT, path: "/etc/xen/b.cfg" };
const TRIAL: Regeneration = { what: "boot-trial", title: "Debian GNU/Linux", seconds: 600 };
const INITRAMFS: Regeneration = { what: "initramfs" };

let host: DirectoryHost;
let hold: Step;
beforeEach(() => {
  host = new DirectoryHost();
  host.write("/boot/grub/grub.cfg", GRUB_CONFIG);
  host.write("/boot/initrd.img-6.1", "old initramfs");
  for (const name of ["a", "b"]) host.write(`/etc/xen/${name}.cfg`, "before");
  host.write("/etc/systemd/system/a.service", "");
  const [entry] = topGrubEntries(GRUB_CONFIG);
  if (!entry) throw new Error("an entry");
  hold = {
    kind: "hold-boot",
    config: { target: "/boot/grub/grub.cfg", text: GRUB_CONFIG },
    entry,
    environment: { text: undefined },
  };
});
afterEach(() => host.remove());

const apply = (shell: readonly string[], ...groups: Parameters<typeof applyTo>[2][]) =>
  applyTo(host, shell, ...groups).map((outcome) => outcome?.kind);

/** What an armed trial has; undefined where nothing of it is there. */
const armed = () =>
  host.read(TRIAL_ENVIRONMENT) === environmentBlock("once") &&
  host.read(CUSTOM_CONFIG)?.includes("/boot/pci-passthrough-old-initrd.img-6.1") &&
  host.read("/boot/pci-passthrough-old-initrd.img-6.1") === "old initramfs";
const left = () => host.files().filter((file) => /pci-passthrough-(?:old|trial)|custom[.]cfg|[.]env/.test(file));

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("two boot changes under %s", (_, shell) => {
  test("are in one trial", () => {
    expect(apply(shell, [hold, TAKE, TRIAL], [hold, EDIT, TRIAL])).toEqual(["done", "done"]);
    expect(armed()).toBe(true);
    expect(titleOnTrial(host.read(CUSTOM_CONFIG) ?? "")).toBe("Debian GNU/Linux");
  });

  test.each([
    [
      "the first",
      () => [
        [hold, TAKE, TRIAL],
        [hold, EDIT, TRIAL],
      ],
      ["failed", "done"],
    ],
    [
      "the second",
      () => [
        [hold, EDIT, TRIAL],
        [hold, TAKE, TRIAL],
      ],
      ["done", "failed"],
    ],
  ] as const)("%s of which fails: the other is on trial all the same", (_, groups, ends) => {
    host.command("xl", "echo 'libxl: error'; exit 1");
    expect(apply(shell, ...groups())).toEqual(ends);
    expect(armed()).toBe(true);
  });

  test("one of which cannot be rebuilt: the other is on trial all the same", () => {
    host.write("/fail-initramfs", "");
    expect(apply(shell, [hold, EDIT, INITRAMFS, TRIAL], [hold, TAKE, TRIAL])).toEqual(["failed", "done"]);
    expect(armed()).toBe(true);
  });

  test("that both fail leave nothing of the trial", () => {
    host.write("/fail-initramfs", "");
    const ends = apply(shell, [hold, EDIT, INITRAMFS, TRIAL], [hold, OTHER_EDIT, INITRAMFS, TRIAL]);
    expect(ends).toEqual(["failed", "failed"]);
    expect(left()).toEqual([]);
    expect(host.read(OLD_ENTRY)).toBeUndefined();
  });
});
