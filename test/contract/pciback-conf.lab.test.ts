import { bootLab } from "../lab/lab-host";
import { pcibackConfContract } from "./pciback-conf-contract";

pcibackConfContract(() => bootLab({ mode: "xen" }), { timeoutMs: 60 * 60_000 });
