import { startSimulatedHost } from "../../simulator";
import { pcibackConfContract } from "./pciback-conf-contract";

pcibackConfContract(() => startSimulatedHost({ name: "xen1", profile: "debian-xl" }), { timeoutMs: 60_000 });
