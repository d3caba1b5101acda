import { startSimulatedHost } from "../../simulator";
import { libvirtContract, MAKE_GUESTS } from "./libvirt";
import { output } from "./test-host";

libvirtContract(
  async () => {
    const host = await startSimulatedHost({ name: "kvm1", profile: "debian-kvm" });
    await output(host, MAKE_GUESTS);
    return host;
  },
  { timeoutMs: 600_000 },
);
