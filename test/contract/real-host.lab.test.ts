import { bootLab } from "../lab/lab-host";
import { contract } from "./contract";

// Under QEMU's emulation of Xen a program of the host crashes now and then; what fails twice, on a host of its own, is ours.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

contract(() => bootLab({ mode: "xen" }), { timeoutMs: 30 * 60_000 });
