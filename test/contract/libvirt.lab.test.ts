import { bootLab } from "../lab/lab-host";
import { libvirtContract } from "./libvirt";

libvirtContract(() => bootLab({ mode: "kvm" }), { timeoutMs: 30 * 60_000 });
