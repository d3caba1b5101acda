/**
 * Shell function that ends a program after a number of seconds. It uses `timeout` of coreutils, which has `-k` since
 * 8.5 (its help says `--kill-after`). That of busybox ends no children, exits with 143, and before 1.30 takes the seconds as `-t`; RHEL 5 has none.
 * There the shell watches the program itself.
 */
export const TIME_LIMIT = `
[ -n "$has_timeout" ] || case $(timeout --help 2> /dev/null) in
  *--kill-after*'GNU coreutils'*) has_timeout=yes ;;
  # Some busybox has no setsid: a program ends alone then, without its children.
  *) has_timeout=no own_session=$(command -v setsid) ;;
esac
# Seconds, program with its arguments. Exits with 124 when the program had to be killed. The program gets no input, and
# neither the lock (9) nor the connection (8): what it leaves behind must not hold them.
limited() {
  if [ "$has_timeout" = yes ]; then
    timeout -k 2 "$@" < /dev/null 8>&- 9>&-
  else
    limited_seconds=$1
    shift
    $own_session "$@" < /dev/null 8>&- 9>&- &
    limited_program=$!
    {
      while sleep 1; do
        limited_seconds=$((limited_seconds - 1))
        [ "$limited_seconds" -le 0 ] || continue
        kill -KILL "-$limited_program" || kill -KILL "$limited_program"
        break
      done
    } > /dev/null 2>&1 8>&- 9>&- &
    limited_watcher=$!
    wait "$limited_program"
  fi
  limited_status=$?
  # bash says "Terminated" of what was not waited for.
  [ "$has_timeout" = yes ] || { kill "$limited_watcher" && wait "$limited_watcher"; } 2> /dev/null
  # 137: it was killed, by timeout when it did not heed the first signal.
  [ "$limited_status" -ne 137 ] || limited_status=124
  return "$limited_status"
}`.trim();
