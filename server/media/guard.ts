/**
 * A shell script that runs the program of its arguments and ends it when standard input closes. That pipe is held by us and
 * by nobody else, so it closes however we end, `kill -9` included: no engine is ever left behind.
 */
export const guard = `
exec 3<&0 </dev/null
"$@" 3<&- & child=$!
( read -r _ <&3; kill "$child" ) 2>/dev/null & watcher=$!
wait "$child"; status=$?
kill "$watcher" 2>/dev/null
exit "$status"`
