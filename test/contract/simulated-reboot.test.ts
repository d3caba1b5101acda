import { startSimulatedHost } from "../../simulator";
import { rebootContract } from "./reboot-contract";

rebootContract(() => startSimulatedHost({ name: "xen1", profile: "debian-xl" }), { timeoutMs: 600_000 });
