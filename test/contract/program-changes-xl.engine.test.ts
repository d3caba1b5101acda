import { changedPrograms } from "./program-changes/changed-programs";
import { CHANGES_ON_XL } from "./program-changes/on-xl";

changedPrograms([CHANGES_ON_XL]);
