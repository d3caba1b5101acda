import { startSimulatedHost } from "../../simulator";
import { contract } from "./contract";

contract(() => startSimulatedHost({ name: "xen1", profile: "debian-xl" }), { timeoutMs: 600_000 });
