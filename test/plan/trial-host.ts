import { topGrubEntries } from "../../provider/boot/grub-entry";
import type { HostFacts } from "../../provider/facts/host-facts";
import { textFile, withFiles } from "./host-files";
import { LAB, listed } from "./recorded-host";

const GRUB_CONFIG = LAB.files.byPath.get("/boot/grub/grub.cfg")?.text ?? "";

/** The arguments of an entry of the lab host's grub.cfg. */
function lineOf(title: string): string {
  return topGrubEntries(GRUB_CONFIG).find((entry) => entry.title === title)?.kernelLine ?? "";
}

/** The lab host, which can go back to the boot before by itself: it has booted its entry for Xen. */
export const TRIAL_XEN: HostFacts = {
  ...LAB,
  boot: { ...LAB.boot, systemd: true },
  machine: { ...LAB.machine, kernelCommandLine: `placeholder ${lineOf("Debian GNU/Linux, with Xen hypervisor")}` },
};

/** The same without Xen below it. Its custom.cfg says so, as that of the lab's image does. */
export const TRIAL_KVM: HostFacts = withFiles(
  {
    ...TRIAL_XEN,
    xen: undefined,
    domains: listed(),
    machine: { ...LAB.machine, kernelCommandLine: `BOOT_IMAGE=/boot/vmlinuz ${lineOf("Debian GNU/Linux")}` },
  },
  textFile("/boot/grub/custom.cfg", 'set default="Debian GNU/Linux"\n'),
);
