import { RUN_FOLDER } from "../claims/folders";

/** How long a host may take to say what it has, in seconds: less than the provider waits for that. */
export const FACTS_SECONDS = 4 * 60;

/**
 * Shell functions that run others within a time, and that print the facts within theirs. Unlike the programs that
 * `limited` ends, the shell itself can be held up by the kernel: by a write to sysfs, by a file system whose server is
 * away.
 */
export const WITHIN = `
# Seconds, function with its arguments. Its output goes to the log. 124 when it has not ended by then: it is killed with
# all that it runs, but what the kernel holds up ends only when the kernel lets it, so nobody waits for that.
within() {
  {
    be_watched "$1"
    function=$2
    shift 2
    "$function" "$@"
  } >> "$log" 2>&1 8>&- 9>&- &
  await_watched
}
# Seconds. As within. What hangs holds neither the lock nor the connection.
facts_in_time() {
  {
    be_watched "$1"
    facts
  } 2> /dev/null 8>&- 9>&- &
  await_watched
}
# Seconds. Called by the process that has so much time. self: who waits for it, then its own id.
be_watched() {
  waiting=$self
  read -r self stat < /proc/self/stat
  note_watched "$1"
}
# Seconds, which begin anew for each step.
note_watched() {
  watched="$waiting $self $1 $step"
  write_watched
}
# Written over what was there, so that nobody finds it empty, and no room is needed: two process ids, seconds and a step
# are shorter than what is written.
write_watched() {
  printf '%-32s\\n' "$watched" 1<> ${RUN_FOLDER}/watched
}
# reached: the step that it got to.
await_watched() {
  worker=$!
  late=
  trap 'late=yes' USR1
  wait "$worker"
  outcome=$?
  [ -z "$late" ] || { end_with_children "$worker"; outcome=124; }
  read -r parent pid seconds reached < ${RUN_FOLDER}/watched
  write_watched
  return "$outcome"
}
# Process. Ends it with its children, theirs, and so on. doomed: all of them.
end_with_children() {
  doomed=$1
  for generation in 1 2 3 4; do
    for stat in /proc/[0-9]*/stat; do
      read -r pid name state parent fields < "$stat"
      case " $doomed " in
        *" $pid "*) ;;
        *" $parent "*) doomed="$doomed $pid" ;;
      esac
    done
  done 2> /dev/null
  kill -KILL $doomed 2> /dev/null
}
# Watches what runs within a time. Whoever waits for it is told by a signal when the time is up.
watch() {
  self=$$ step= watched=
  write_watched
  while sleep 2 && kill -0 $$; do
    read -r line < ${RUN_FOLDER}/watched
    [ "$line" = "$last" ] || seconds=0
    last=$line
    set -- $line
    [ -z "$line" ] || [ "$seconds" -lt "$3" ] || kill -USR1 "$1"
    seconds=$((seconds + 2))
  done > /dev/null 2>&1 8>&- 9>&- &
  watcher=$!
}`.trim();
