import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultGrubEntry, grubConfigLines, readGrubConfig } from "../../provider/boot/grub-config";
import { defaultLegacyEntry, legacyCommandLines } from "../../provider/boot/legacy-grub";

// Header and entries as grub-mkconfig 2.06 writes them, shortened.
const CONFIG = `if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "\${next_entry}" ] ; then
   set default="\${next_entry}"
   set next_entry=
   save_env next_entry
else
   set default="@DEFAULT@"
fi
function load_video {
  insmod vga
}
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-6c61' {
	load_video
	if [ x$grub_platform = xxen ]; then insmod xzio; fi
	linux	/boot/vmlinuz-6.1 root=UUID=6c61 ro quiet
	initrd	/boot/initrd.img-6.1
}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-6c61' {
	menuentry 'Debian GNU/Linux, with Linux 6.1 (recovery mode)' --id 'recovery' {
		linux	/boot/vmlinuz-6.1 root=UUID=6c61 ro single
	}
}
menuentry "Debian GNU/Linux, with Xen hypervisor" --class xen {
	if [ "$grub_platform" = "pc" -o "$grub_platform" = "" ]; then
	    xen_rm_opts=
	else
	    xen_rm_opts="no-real-mode edd=off"
	fi
	multiboot2	/boot/xen-4.17-amd64.gz placeholder dom0_mem=1G \${xen_rm_opts}
	module2	/boot/vmlinuz-6.1 placeholder root=UUID=6c61 ro
	module2	--nounzip   /boot/initrd.img-6.1
}
`;
const config = (chosen: string) => CONFIG.replace("@DEFAULT@", chosen);

test("each entry is read with what it boots and its arguments", () => {
  expect(readGrubConfig(CONFIG).map(({ title, boots, lines }) => [title, boots, lines])).toEqual([
    ["Debian GNU/Linux", "linux", { linux: "root=UUID=6c61 ro quiet" }],
    ["Debian GNU/Linux, with Linux 6.1 (recovery mode)", "linux", { linux: "root=UUID=6c61 ro single" }],
    ["Debian GNU/Linux, with Xen hypervisor", "xen", { xen: "dom0_mem=1G", dom0: "root=UUID=6c61 ro" }],
  ]);
  expect(grubConfigLines(CONFIG, "linux")).toEqual(["root=UUID=6c61 ro quiet"]);
});

test("entries of other systems on the host's disks do not count: nothing of ours gets there", () => {
  const other = `### BEGIN /etc/grub.d/30_os-prober ###
menuentry 'Ubuntu 22.04 (on /dev/sdb1)' --class gnu-linux $menuentry_id_option 'osprober-gnulinux-simple-9a2b' {
	linux /boot/vmlinuz-5.15 root=/dev/sdb1
}
### END /etc/grub.d/30_os-prober ###
`;
  expect(grubConfigLines(CONFIG + other, "linux")).toEqual(["root=UUID=6c61 ro quiet"]);
});

test("neither do memory tests, whose arguments are theirs", () => {
  // As 20_memtest86+ of Debian's memtest86+ 6.10 and 5.01 writes them, shortened.
  const tests = `menuentry "Memory test (memtest86+x64.bin)" {
	linux	/boot/memtest86+x64.bin
}
menuentry "Memory test (memtest86+, serial console)" {
	linux16	/boot/memtest86+.bin console=ttyS0,115200n8
}
`;
  expect(grubConfigLines(CONFIG + tests, "linux")).toEqual(["root=UUID=6c61 ro quiet"]);
  expect(
    readGrubConfig(CONFIG + tests)
      .map(({ boots }) => boots)
      .slice(-2),
  ).toEqual(["other", "other"]);
  const legacy = "title Debian\n\tkernel /vmlinuz ro\ntitle Debian, memtest86+\n\tkernel /memtest86+.bin\n";
  expect(legacyCommandLines(legacy, "linux")).toEqual(["ro"]);
});

test.each([
  ["0", {}, "Debian GNU/Linux"],
  ["2", {}, "Debian GNU/Linux, with Xen hypervisor"],
  ["1>0", {}, "Debian GNU/Linux, with Linux 6.1 (recovery mode)"],
  ["gnulinux-advanced-6c61>recovery", {}, "Debian GNU/Linux, with Linux 6.1 (recovery mode)"],
  ["Debian GNU/Linux, with Xen hypervisor", {}, "Debian GNU/Linux, with Xen hypervisor"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GRUB's own
  ["${saved_entry}", { saved_entry: "gnulinux-simple-6c61" }, "Debian GNU/Linux"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GRUB's own
  ["${saved_entry}", {}, "Debian GNU/Linux"],
  ["no such entry", {}, undefined],
])("%j with %j boots %j", (chosen, environment, title) => {
  expect(defaultGrubEntry(config(chosen), new Map(Object.entries(environment)))?.title).toBe(title);
});

test("the lab host's grub.cfg boots Xen by default, and its recovery entries do not count", () => {
  const facts = readFileSync(join(__dirname, "../recorded/debian12-xen4.17/facts.txt"), "latin1");
  const section = /\n\|file \/boot\/grub\/grub\.cfg\n(?:.*\n){2}((?:\|>.*\n)+)/.exec(facts)?.[1] ?? "";
  const text = section.replaceAll(/^\|>/gm, "");
  expect(readGrubConfig(text).map((entry) => entry.boots)).toEqual(expect.arrayContaining(["xen", "linux"]));
  expect(grubConfigLines(text, "dom0").every((line) => line.includes("intel_iommu=on"))).toBe(true);
  expect(defaultGrubEntry(text, new Map())?.boots).toBe("xen");
});

test.each([
  ["default=1\ntitle a\n\tkernel /vmlinuz\ntitle b\n\tkernel /xen.gz\n\tmodule /vmlinuz\n", "b"],
  ["title a\n\tkernel /vmlinuz\n", "a"],
  ["default saved\ntitle a\n\tkernel /vmlinuz\n", undefined],
])("grub.conf %j boots %j", (text, title) => {
  expect(defaultLegacyEntry(text)?.title).toBe(title);
});
