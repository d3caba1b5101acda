import { bootLab } from "../lab/lab-host";
import { rebootContract } from "./reboot-contract";

rebootContract(() => bootLab({ mode: "xen", nvme: "functions" }), { timeoutMs: 30 * 60_000 });
