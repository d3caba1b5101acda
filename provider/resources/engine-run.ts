import type { HostFacts } from "../facts/host-facts";
import type { HostInput } from "../plan/inputs/host-input";
import type { Bag } from "../plan/kind";
import type { DeclaredProgram } from "./declared-program";
import { ExpectedEnds } from "./expected-ends";
import { RebootTurns } from "./reboot-turns";
import type { Managed, Wanted } from "./wanted";

/** What the resources of one run of the engine know of each other: a provider process lives as long as a run. */
export class EngineRun {
  /** The program, by the URN of each resource that was checked. */
  readonly programs = new Map<string, DeclaredProgram>();
  /** The outputs that each resource will have at the end of the run, as its check has foretold, by the URN. */
  readonly foretold = new Map<string, Bag>();
  /** The machine of each resource that its facts have judged, by the URN. */
  readonly machines = new Map<string, string>();
  /** Every host of the program, once a resource has told them. */
  hosts: readonly HostInput[] | undefined;
  /** Those whose facts nobody has asked for yet. */
  readonly unreadHosts: HostInput[] = [];
  /** What preview says of hosts once all of them are known. */
  readonly untold: (() => Promise<void>)[] = [];
  readonly expectedEnds = new ExpectedEnds();
  /** The HostReboot of each machine, by the id of the machine, once its turn has come; none in preview. */
  readonly hostReboots = new Map<string, Wanted>();
  /** The reboots for what is removed that are under way, by the id of the machine. */
  readonly lastReboots = new Map<string, Promise<HostFacts>>();
  /** Those whose change is under way; a device that waits for its attachment is not among them. */
  readonly underWay = new Set<Wanted>();
  readonly rebootTurns = new RebootTurns();
  /** Hosts that were left in need of a reboot, with what waits for it. Several may have one name. */
  readonly waitingHosts = new Map<Managed, string>();
  /** Hosts on which a resource is being removed, or will be. */
  readonly unfinishedHosts = new Set<Managed>();
  /** What was said last of the hosts that wait for a reboot. */
  saidOfWaitingHosts = "";
  /** Hosts that could not be reached, where the run may go on without them. */
  readonly unreachedHosts = new Set<Managed>();
  /** Ids of machines of which preview has said what the program no longer declares there. */
  readonly previewedHosts = new Set<string>();
  /** The machines of which preview has said that they take changes back by themselves, by their ids. */
  readonly trialMachines = new Set<string>();

  /**
   * @param attachmentSeconds How long no host is changed before a device waits no more for the attachment that goes with
   *   it: the engine begins only so many removals at once, and the next one when one of them ends.
   */
  constructor(readonly attachmentSeconds = 20) {}
}
