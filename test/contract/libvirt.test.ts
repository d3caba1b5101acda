import { startSimulatedHost } from "../../simulator";
import { libvirtContract } from "./libvirt";

libvirtContract(() => startSimulatedHost({ name: "kvm1", profile: "debian-kvm" }), { timeoutMs: 600_000 });
