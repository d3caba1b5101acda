import { spawnSync } from "node:child_process";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";

let host: SimulatedHost;
beforeAll(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
});
afterAll(() => host.stop());

/** POSIX shell that programs for hosts are made of; each prints here what the shell of this machine prints. */
const SCRIPTS: readonly string[] = [
  `x="a  b"; printf '%s|' $x "$x"`,
  `i=0; while [ "$i" -lt 3 ]; do i=$((i + 1)); done; echo $i`,
  `f() { local y=1; y=$((y+1)); echo "$1:$#:$y"; return 3; }; f "a b" c; echo $?`,
  `case abc in a*) echo yes;; *) echo no;; esac`,
  `v=/a/b/c.txt; echo "\${v##*/} \${v%/*} \${v%.txt} \${#v} \${u:-none} \${u-}"`,
  `echo "$(echo "nested $(echo deep)")" | tr a-z A-Z`,
  `cat <<'X' | sed 's/^/|/'\nline $x\n\ttab\nX`,
  `set -- one "two three"; for a; do echo "<$a>"; done; shift; echo "$#:$*"`,
  `(exit 4); echo $?; if ! false; then echo no; fi`,
  `eval "z_1=5"; eval "echo \\$z_1"; n=1; eval "echo \\\${z_$n:-none}"`,
  `printf 'a b\\nc d\\n' | while read -r p q; do echo "$q-$p"; done`,
  `exec 3>&1; echo three >&3; exec 3>&-`,
  `{ echo out; echo err >&2; } 2>&1 | sort`,
  `w=$(false); echo "rc $?"; : "\${w:=set}"; echo $w`,
  `printf 'l1\\nl2\\nl3' | sed -n '2p'; printf 'l1\\nl2' | awk '{print NR": "$1}'; printf 'abc' | cut -c2`,
  `printf 'abc\\n' | grep -q b && echo found; printf 'abc' | cksum; printf 'a b\\n' | wc -c; printf 'x' | wc -l`,
  `trap '' HUP PIPE; umask 022; echo $?`,
  `d=$(mktemp -d); printf data > "$d/a"; cp -a "$d/a" "$d/b"; cmp "$d/a" "$d/b" && mv -f "$d/b" "$d/a"; ls "$d"; rm -r "$d"; ls "$d" 2> /dev/null || echo gone`,
  `d=$(mktemp -d); printf old > "$d/f"; dd if=/dev/null of="$d/f" conv=notrunc 2> /dev/null; cat "$d/f"; dd if=/dev/null of="$d/f" 2> /dev/null; wc -c < "$d/f"; rm -r "$d"`,
  `d=$(mktemp -d); : > "$d/a.x"; ln -s a.x "$d/l"; readlink "$d/l"; ls -ld "$d/l" | sed 's/.* -> //'; stat -c %a "$d/a.x"; chmod 600 "$d/a.x"; stat -c '%a %s' "$d/l" -L; rm -r "$d"`,
  `d=$(mktemp -d); echo one > "$d/a"; echo two > "$d/b"; cd "$d"; grep -H '' a b; grep -H o a; grep -s x nope; echo $?; grep -h '' a b; rm -r "$d"`,
  `printf 'a1\\nb2\\nc3\\n' | grep -e ^a -e 3; printf 'a1\\nb2\\n' | grep -E -e '^(b|c)' -e x`,
  `f=$(mktemp); flock "$f" -c 'echo held'; flock -w 1 "$f" printf '%s ' a -n; rm "$f"`,
  `echo x > /nonexistent/file; echo $?`,
  `sh -c 'exit 3' & wait "$!"; echo $?; (echo a; exit 4) & b=$!; { while sleep 9; do :; done; } > /dev/null & kill $!; wait "$b"; echo $?`,
  `x=1; { x=2; echo "$x"; } & wait "$!"; echo "$x"`,
  `mkdir /nonexistent/a; echo $?; rm /nonexistent; echo $?; rm -f /nonexistent; echo $?; cat /nonexistent; echo $?`,
];

test.each(SCRIPTS)("%s", async (script) => {
  const here = spawnSync("/bin/sh", ["-c", script], {
    encoding: "latin1",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  const there = await host.exec(`sh -c '${script.replaceAll("'", "'\\''")}'`);
  expect({ stdout: there.stdout, exitCode: there.exitCode }).toEqual({ stdout: here.stdout, exitCode: here.status });
});

test("a login has a cgroup of its own, whatever reads it", async () => {
  const { stdout } = await host.exec(
    "cat /proc/self/cgroup; grep -c session /proc/self/cgroup; cut -d/ -f3 < /proc/self/cgroup",
  );
  expect(stdout).toMatch(/^0::\/user\.slice\/user-0\.slice\/session-\d+\.scope\n1\nuser-0\.slice\n$/);
});

test("a write that the kernel refuses fails the command, in the words of the shell", async () => {
  const refused = "echo 0000:09:00.0 > /sys/bus/pci/drivers/e1000e/bind; echo $?";
  expect(await host.exec(refused)).toEqual({
    stdout: "1\n",
    stderr: "bash: line 1: echo: write error: No such device\n",
    exitCode: 0,
  });
  expect(await host.exec(`sh -c '${refused}'`)).toMatchObject({
    stdout: "1\n",
    stderr: "sh: 1: echo: echo: I/O error\n",
  });
  expect(
    await host.exec('if e=$( { printf x > /sys/bus/pci/drivers_probe; } 2>&1 ); then echo ok; else echo "$e"; fi'),
  ).toMatchObject({
    stdout: "bash: line 1: printf: write error: No such device\n",
  });
});

test("a program that is not installed is not found", async () => {
  await host.exec("rm /usr/bin/flock");
  expect(await host.exec("command -v flock || echo none; command -v xl")).toMatchObject({
    stdout: "none\n/usr/sbin/xl\n",
  });
});

test("a program that hangs ends when its time limit does, with the coreutils and without", async () => {
  host.failAt({ hang: "xl list" });
  const scripts = ["timeout -k 5 60 xl list; echo $?", "setsid xl list & wait $!; echo $?"];
  expect(await Promise.all(scripts.map((script) => host.exec(script)))).toMatchObject([
    { stdout: "124\n" },
    { stdout: "137\n" },
  ]);
});
