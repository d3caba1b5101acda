import { bootLab } from "../lab/lab-host";
import { iommuContract } from "./iommu-contract";

iommuContract(() => bootLab({ mode: "kvm" }), { timeoutMs: 30 * 60_000 });
