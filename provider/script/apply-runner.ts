import { STATE_FOLDER } from "../claims/folders";
import { MADE_FOLDERS } from "../steps/shared-functions";
import { VIRSH_FILES } from "../steps/virsh";
import { TRIAL_FOLDER } from "./trial-folder";

/**
 * What is cleared up in our own folders: parts of files that a run was cut off in, what it wrote for virsh, which folders
 * it made, and folders that are empty now. One program for each: where one of the paths is missing, the find of busybox
 * (seen: 1.35.0) does not run what "+" has gathered.
 */
const LEFT = [
  "-name .pci-passthrough-new -exec rm -f {} \\;",
  "-name '.*.pci-passthrough-old' -exec rm -f {} \\;",
  "-name 'virsh.xml*' -exec rm -f {} \\;",
  "-name made-folders -exec rm -f {} \\;",
  "-type d -exec rmdir {} \\;",
];

/** What no step needs, however slow the host: the limits of the programs in it come first. */
const STEP_SECONDS = 15 * 60;

/** Shell functions that run the groups of an apply, undo them, and tell what became of them. */
export const APPLY_RUNNER = `
clear_up() {
  find ${STATE_FOLDER} ${[...VIRSH_FILES, MADE_FOLDERS].join(" ")} -depth '(' ${LEFT.join(" -o ")} ')' 2> /dev/null
}
# A part of a line, too, is told as a line of its own.
tell_log() {
  awk '{ print "|" $0 }' "$log" >> "$result"
  awk '{ print "|" $0 }' "$log" 2> /dev/null
}
# File, the record of this run, how many groups there are. Nothing is done unless the record is on disk.
note_run() {
  put_text "$1" "$2" > "$log" 2>&1 && return
  tell_all "$3" "failed note_run"
  # It has its name already where only its folder could not be synced.
  [ ! -e "$1" ] || rm -f "$1"
  { [ ! -e "$1" ] && [ ! -e "\${1%/*}/.pci-passthrough-new" ]; } || tell_all "$3" "not-undone note_run"
  return 1
}
# File, the record of this run, how many groups there are.
forget_run() {
  # Without room for the log, too.
  rm -f "$1" > "$log" 2>&1 || rm -f "$1" || tell_all "$2" "not-undone note_run"
}
# How many groups there are, what became of them.
tell_all() {
  group=1
  while [ "$group" -le "$1" ]; do
    tell "@group $group $2"
    tell_log
    group=$((group + 1))
  done
}
# How many groups there are. Nothing is done unless it can be taken back.
begin_trial() {
  trial=${TRIAL_FOLDER}/$run_id
  arm_trial > "$log" 2>&1 && return
  [ ! -e "$trial/open" ] || mv -f "$trial/open" "$trial/confirmed"
  tell_all "$1" "failed arm_trial"
  return 1
}
# Group, how many steps it has.
run_group() {
  step=0
  within ${STEP_SECONDS} perform_group "$1" "$2"
  outcome=$?
  if [ "$outcome" = 0 ]; then
    eval "done_$1=$2"
    tell "@group $1 done"
  elif [ "\${reached:-0}" = 0 ]; then
    tell "@group $1 stale"
    tell_log
  elif [ "$outcome" = 124 ]; then
    owed=yes
    tell "@group $1 unknown $reached"
    tell_log
  else
    tell "@group $1 failed $reached"
    tell_log
    undo_group "$1" "$reached"
  fi
}
# Group, how many steps it has. All in one process, since a slow host takes as long for a process as for a step.
perform_group() {
  : > "$log"
  "expect_group_$1" || return
  while [ "$step" -lt "$2" ]; do
    # Without whoever waits for it, it goes no further: the lock may be another's.
    kill -0 $$ || return
    step=$((step + 1))
    : > "$log"
    # A step of which nobody knows would not be undone.
    note_watched ${STEP_SECONDS} || return
    # Not ":", which is a special built-in: where it cannot redirect, dash ends.
    [ -z "$trial" ] || true > "$trial/begun.$1.$step" || return
    "perform_$1_$step" || return
  done
}
# Group, the step to begin with: undoes from there back to the first. left: whether something could not be undone.
undo_group() {
  eval "done_$1="
  undo=$2
  left=
  while [ "$undo" -ge 1 ]; do
    undo_step "$1" "$undo"
    undo=$((undo - 1))
  done
  [ -z "$trial" ] || rm -f "$trial/begun.$1".*
}
# Group, step.
undo_step() {
  : > "$log"
  within ${STEP_SECONDS} "undo_$1_$2" && return
  left=yes
  owed=yes
  tell "@group $1 not-undone $2"
  tell_log
  return 1
}
# The function that rebuilds something, the groups that need it.
run_shared() {
  make=$1
  shift
  waiting=
  for group in "$@"; do
    eval "steps=\\\${done_$group:-}"
    [ -z "$steps" ] || waiting="$group $waiting"
  done
  [ -n "$waiting" ] || return 0
  rebuild && return
  for group in $waiting; do
    tell "@group $group failed $make"
    tell_log
  done
  for group in $waiting; do
    eval "undo_group $group \\\${done_$group}"
  done
  # What was replaced before the failure is rebuilt from the restored sources.
  set -- $rebuilt
  rebuilt=
  for make in "$@"; do
    rebuild && continue
    owed=yes
    for group in $waiting; do
      tell "@group $group not-undone $make"
      tell_log
    done
  done
}
# Calls the function $make. rebuilt: the functions that have replaced something.
rebuild() {
  "$make" > "$log" 2>&1
  outcome=$?
  [ -z "$remade" ] || rebuilt="$rebuilt $make"
  return "$outcome"
}`;
