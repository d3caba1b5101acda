import { readHostFacts } from "../../provider/facts/host-facts";
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
    expect(facts.vmConfigs.map((file) => file.text)).toEqual([CONFIG]);
  } finally {
    host.remove();
  }
});
