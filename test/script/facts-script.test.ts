import { readHostFacts } from "../../provider/facts/host-facts";
import { vmConfigs } from "../../provider/facts/vm-configs";
import { factsScript } from "../../provider/script/facts-script";
import { DirectoryHost, SHELLS } from "./directory-host";

const CONFIG = "name = 'a'\r\npci = [ '01:00.0' ] # @facts-end\n@facts-end";

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("facts are read under %s", (_, shell) => {
  const host = new DirectoryHost();
  try {
    host.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    host.write("/etc/xen/a.cfg", CONFIG);
    host.write("/sys/hypervisor/type", "xen\n");
    host.write("/sys/hypervisor/version/major", "4\n");
    const facts = readHostFacts(host.run(shell, factsScript({ vmConfigPaths: [], libvirt: false })).stdout);
    expect(facts.machine).toMatchObject({
      id: "0123456789abcdef0123456789abcdef",
      sshServerAddress: "192.0.2.7",
      missingCommands: [],
    });
    expect(facts.xen?.major).toBe(4);
    expect(vmConfigs(facts.files).map((file) => file.text)).toEqual([CONFIG]);
  } finally {
    host.remove();
  }
});

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "the files of a host with xm and of a program that names one are read once each under %s",
  (_, shell) => {
    const host = new DirectoryHost();
    try {
      host.command("xm", "exit 0");
      host.write("/sys/hypervisor/type", "xen\n");
      const paths = ["/etc/modprobe.d/a.conf", "/etc/xen/xend-pci-quirks.sxp", "/etc/xen/pciback.conf", "/etc/xen/vm"];
      for (const path of [...paths, "/var/my vm's"]) host.write(path, `${path}\n`);
      host.write("/etc/init.d/mine", "conf=/etc/xen/pciback.conf\n");
      const { stdout } = host.run(shell, factsScript({ vmConfigPaths: [host.path("/var/my vm's")], libvirt: false }));
      const { files } = readHostFacts(stdout);
      expect([...files.byPath.keys()].sort()).toEqual([...paths, "/etc/init.d/mine", "/var/my vm's"].sort());
      expect(stdout.match(/^\|file /gm)).toHaveLength(paths.length + 2);
      expect(vmConfigs(files).map(({ path }) => path)).toEqual([...paths.slice(1).sort(), "/var/my vm's"].sort());
      expect(files.pcibackConfReaders).toEqual(["/etc/init.d/mine"]);
    } finally {
      host.remove();
    }
  },
);
