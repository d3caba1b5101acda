import { bootLab } from "../lab/lab-host";
import { contract } from "./contract";

contract(() => bootLab({ mode: "xen" }), { timeoutMs: 30 * 60_000 });
