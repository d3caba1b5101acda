export type { Fault } from "./faults";
export { Errno, type ErrnoCode } from "./kernel/errno";
export type { CommandOutput } from "./machine";
export { PROFILE_NAMES } from "./profiles/profiles";
export { type HostStats, type SimulatedHost, type SimulatedHostOptions, startSimulatedHost } from "./simulated-host";
