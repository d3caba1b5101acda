import { startSimulatedHost } from "../../simulator";
import { pulumiRun } from "./pulumi-run";

pulumiRun(() => startSimulatedHost({ name: "xen1", profile: "debian-xl" }), { timeoutMs: 600_000 });
