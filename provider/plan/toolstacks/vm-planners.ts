import type { HostFacts } from "../../facts/host-facts";
import { toolstackOf } from "../toolstack";
import type { ToolstackName } from "../toolstack-name";
import type { VmPlanner } from "../vm-planner";
import type { AttachWish } from "../wish";
import { libvirtVms } from "./libvirt/libvirt-vms";
import { xlVms } from "./vm-files/xl-vms";
import { xmVms } from "./vm-files/xm-vms";
import { xapiVms } from "./xapi/xapi-vms";

const PLANNERS: { readonly [name in ToolstackName]: VmPlanner } = {
  xl: xlVms,
  xm: xmVms,
  xapi: xapiVms,
  libvirt: libvirtVms,
};

/** The planner of the toolstack that a wish uses; undefined on a host without one. */
export function vmPlannerOf(facts: HostFacts, wish: Pick<AttachWish, "toolstack">): VmPlanner | undefined {
  const found = toolstackOf(facts, wish.toolstack);
  return found.kind === "toolstack" ? PLANNERS[found.toolstack] : undefined;
}
