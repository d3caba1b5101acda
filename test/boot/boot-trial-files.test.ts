import fc from "fast-check";
import { oldEntryText, TRIAL_SECTION, withoutTrialSection } from "../../provider/boot/boot-trial-files";
import { topGrubEntries } from "../../provider/boot/grub-entry";

const XEN = `menuentry 'Debian, with Xen hypervisor' --class debian $menuentry_id_option 'xen-1' {
	insmod ext2
        if [ "$grub_platform" = "pc" -o "$grub_platform" = "" ]; then
            xen_rm_opts=
        fi
	multiboot2	/boot/xen-4.17-amd64.gz placeholder dom0_mem=1536M  \${xen_rm_opts}
	module2	/boot/vmlinuz-6.1 placeholder root=UUID=1 ro -- quiet 
	module2	--nounzip   /boot/initrd.img-6.1
}
submenu 'Advanced' {
	menuentry 'Debian, with Xen 4.17' {
		module2	/boot/vmlinuz-6.1 placeholder root=UUID=1 ro single
	}
}
`;

test("an entry is booted again with the initramfs that is kept", () => {
  const [entry, ...others] = topGrubEntries(XEN);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ kernelLine: "root=UUID=1 ro -- quiet", images: ["/boot/initrd.img-6.1"] });
  const text = entry ? oldEntryText(entry) : "";
  expect(text).toContain(
    "\tmodule2	/boot/vmlinuz-6.1 placeholder root=UUID=1 ro -- quiet pci-passthrough.trial=old\n",
  );
  expect(text).toContain("\tmodule2	--nounzip   /boot/pci-passthrough-old-initrd.img-6.1\n}\n");
  expect(text).toMatch(/^menuentry 'Debian, with Xen hypervisor, before the trial' --id pci-passthrough-old \{\n/);
});

test("whatever stands in custom.cfg stands there again without our section", () => {
  const line = fc.string({ minLength: 1 }).map((text) => `${text.replaceAll(/[\n#]/g, "")}\n`);
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join("");
      const section = `${TRIAL_SECTION.head}menuentry\n${TRIAL_SECTION.tail}`;
      expect(withoutTrialSection(text + section)).toBe(text === "" ? undefined : text);
    }),
  );
});
