import { RUN_FOLDER } from "../claims/folders";
import { TIME_LIMIT } from "./time-limit";
import { TELL, TRIAL_FOLDER } from "./trial-folder";
import { WITHIN } from "./within";

/**
 * What the watcher of a trial needs beside the steps. It is a shell of its own that reads the same script: it outlives
 * the connection, the session and the script that started it, and holds the lock as long as the trial lasts.
 */
export const WATCHER_LIBRARY = `${TIME_LIMIT}\n${TELL}\n${WITHIN}`;

/** How long the network and the mounts each have to come back, in seconds. */
const GIVE_BACK_SECONDS = 180;

/** What takes a trial back: the watcher, or the script when the watcher is dead. */
export const TRIAL_WATCHER = `
# The watcher. TERM ends it: a host that goes down.
watch_trial() {
  trap '' HUP INT QUIT PIPE
  cd /
  trial=${TRIAL_FOLDER}/$run_id
  result=${RUN_FOLDER}/result-$run_id
  log=${RUN_FOLDER}/log
  watcher= owed=
  { echo -1000 > /proc/self/oom_score_adj || echo -17 > /proc/self/oom_adj; } 2> /dev/null
  echo "$$" > "$trial/watcher"
  limit=
  while [ -e "$trial/open" ]; do
    read_uptime
    [ -n "$limit" ] || [ -e "$trial/running" ] || limit=$((uptime + confirm_seconds))
    if [ -n "$limit" ] && [ "$uptime" -ge "$limit" ] || { [ -z "$limit" ] && ! kill -0 "$script"; }; then
      # Where nothing can be renamed the change is taken back, too.
      mv -f "$trial/open" "$trial/expired" || [ -e "$trial/open" ] || return 0
      [ ! -e "$trial/running" ] || end_step
      take_back
      return
    fi
    # A disk that is gone takes its programs along: time passes all the same.
    sleep 1 || [ -e "$trial/open" ]
  done
  # The script takes it back, and may be killed meanwhile.
  while [ -e "$trial/late" ] && [ ! -e "$trial/over" ]; do
    kill -0 "$script" || { end_step; take_back; return; }
    sleep 1
  done
}
# Of a script that was killed: ends what it was doing, with all children, so that no step comes after its undo.
end_step() {
  read -r waiting worker seconds < ${RUN_FOLDER}/watched
  [ -n "$worker" ] || return 0
  end_with_children "$worker"
  # What waits in the kernel heeds no signal.
  waited=0
  for pid in $doomed; do
    while kill -0 "$pid" && [ "$waited" -lt 30 ]; do
      waited=$((waited + 1))
      sleep 1
    done
  done
}
# Undoes what has begun, the last first.
take_back() {
  taking_back=yes
  tell '@trial expired'
  network=$(cat "$trial/network" "$trial"/left.*.network 2> /dev/null)
  mounts=$(cat "$trial/mounts" "$trial"/left.*.mounts 2> /dev/null)
  [ -n "$watcher" ] || watch
  undone=
  for step in $trial_steps; do
    [ -e "$trial/begun.$step" ] || [ -e "$trial/left.$step" ] || continue
    [ "$undone" = "\${step%.*}" ] || { undone=\${step%.*} left=; eval "done_$undone="; tell "@group $undone unconfirmed"; }
    if undo_step "$undone" "\${step#*.}"; then
      [ ! -e "$trial/left.$step" ] || mv -f "$trial/left.$step" "$trial/begun.$step"
    else
      [ ! -e "$trial/begun.$step" ] || mv -f "$trial/begun.$step" "$trial/left.$step"
    fi
  done
  give_back restore_network "$network" network
  give_back restore_mounts "$mounts" mounts
  # The script may be dead.
  [ -n "$owed" ] || [ -z "$run_record" ] || rm -f "$run_record"
  with_copies drop_copies
  clear_up
  tell '@trial over'
  mv -f "$trial/watcher" "$trial/over"
}
# Function, what was saved, what that is. Before the first step everything is there, and what was saved may not be whole.
give_back() {
  [ -n "$2" ] && [ -n "$undone" ] || return 0
  : > "$log"
  within ${GIVE_BACK_SECONDS} "$1" "$2" && return
  tell "@group $undone not-undone $3"
  tell_log
  [ ! -e "$trial/$3" ] || mv -f "$trial/$3" "$trial/left.$undone.$3"
}`;
