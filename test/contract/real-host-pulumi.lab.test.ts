import { bootLab } from "../lab/lab-host";
import { pulumiRun } from "./pulumi-run";

pulumiRun(() => bootLab({ mode: "xen" }), { timeoutMs: 30 * 60_000 });
