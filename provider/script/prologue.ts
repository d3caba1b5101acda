import { TIME_LIMIT } from "./time-limit";

/**
 * The first lines of every script: the C locale, a PATH with all programs, and the time limit. `$1`: how the SSH
 * session reaches the host. `LOCKED`: whether this script has the lock of the host. `known_functions`: what the
 * host had when it was read in this script before, so that names and modules of these are known.
 */
export const PROLOGUE = `
LC_ALL=C
export LC_ALL
unset XE_EXTRA_ARGS
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/xensource/bin:$PATH
SSH_ROUTE=$1
LOCKED=
known_functions=
${TIME_LIMIT}
`.trim();
