import { changedPrograms } from "./program-changes/changed-programs";
import { CHANGES_ON_LIBVIRT } from "./program-changes/on-libvirt";
import { CHANGES_ON_XCP_NG, CHANGES_ON_XENSERVER } from "./program-changes/on-xapi";
import { CHANGES_ON_XM } from "./program-changes/on-xm";

if (process.env.ALL_PROGRAMS)
  changedPrograms([CHANGES_ON_LIBVIRT, CHANGES_ON_XCP_NG, CHANGES_ON_XENSERVER, CHANGES_ON_XM]);
else test.todo("changes of programs on libvirt, xapi and xm: npm run test:programs");
