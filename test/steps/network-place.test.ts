import { spawnSync } from "node:child_process";
import { NETWORK_PLACE_FUNCTIONS } from "../../provider/steps/network-place";
import { SHELLS } from "../script/directory-host";

/** A network of its own, in which cards are the ends of cables that lead nowhere. */
const ENTER = ["-n", "-m"];
const canEnter =
  spawnSync("unshare", [
    ...ENTER,
    "sh",
    "-c",
    "mount -t sysfs none /sys && ip link add name eth7 type veth peer name far",
  ]).status === 0;

const IP = spawnSync("sh", ["-c", "command -v ip"], { encoding: "utf8" }).stdout.trim();

interface Situation {
  readonly what: string;
  readonly before: string;
  /** Under which name the card comes back; as before, by itself, is nothing but the card. */
  readonly name: string;
}

const SITUATIONS: readonly Situation[] = [
  {
    what: "addresses, MTU, and routes of two tables, under another name",
    name: "eth9",
    before: `
ip link set eth7 mtu 1400
ip link set eth7 up
ip addr add 192.0.2.5/24 dev eth7
ip addr add 192.0.2.6/24 dev eth7
ip -6 addr add 2001:db8::5/64 dev eth7 nodad
ip route add default via 192.0.2.1 dev eth7 metric 77
ip route add 198.51.100.0/24 via 192.0.2.1 dev eth7 table 200
ip route add 203.0.113.0/24 dev eth7 src 192.0.2.6`,
  },
  {
    what: "its bridge, which has the address",
    name: "eth7",
    before: `
ip link add br7 type bridge
ip link set eth7 master br7
ip link set eth7 up
ip link set br7 up
ip addr add 192.0.2.5/24 dev br7
ip route add default via 192.0.2.1 dev br7`,
  },
];

/**
 * What a kernel with Open vSwitch shows: its port has the master ovs-system (linux, net/openvswitch/vport-netdev.c,
 * ovs_netdev_link), for which a bridge stands here. Its database keeps the port with its tag and trunks, and ovs-vswitchd
 * finds the card again by its name (seen with 3.1.0, userspace datapath).
 */
const OPEN_VSWITCH = `
ip link add ovs-system type bridge
ip link set eth7 master ovs-system
ip link set eth7 up`;
const TAKES_IN = "{ sleep 0.5 2> /dev/null || sleep 1; ip link set eth7 master ovs-system; } &";

const cases = SHELLS.flatMap((shell) =>
  SITUATIONS.map((situation) => [situation.what, shell.join(" "), situation] as const),
);

(canEnter ? describe : describe.skip)("a card that its driver lets go of and takes again", () => {
  test.each(cases)("gets back %s, under %s", (_, shell, { before, name }) => {
    const { stderr, stdout } = comeBack(shell.split(" "), { before, name });
    expect(stderr).toBe("");
    expect(stdout).toBe("restored: 0\n");
  });

  test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
    "gets everything back when its driver takes its time, under %s",
    (_, shell) => {
      for (const { before, name } of SITUATIONS)
        expect(comeBack(shell, { before, name, late: 1 }).stdout).toBe("restored: 0\n");
    },
  );

  test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
    "is left to Open vSwitch, which takes its port in by itself, under %s",
    (_, shell) => {
      const port = { before: OPEN_VSWITCH, name: "eth7" };
      expect(comeBack(shell, { ...port, manager: 2, meanwhile: TAKES_IN }).stdout).toBe("restored: 0\n");
      expect(comeBack(shell, { ...port, byHand: 2 }).stdout).toBe(
        "not as before: master eth7 ovs-system\nrestored: 1\n",
      );
    },
  );
});

interface Return extends Omit<Situation, "what"> {
  /** After how many seconds the card is there again: 0 unless given. */
  readonly late?: number;
  /** How many seconds its manager has, and whoever sets it by hand after that: 0 and 20 unless given. */
  readonly manager?: number;
  readonly byHand?: number;
  readonly meanwhile?: string;
}

/** A card that goes and comes back, in a network of its own. */
function comeBack(
  [program = "sh", ...options]: readonly string[],
  { before, name, late = 0, manager = 0, byHand = 20, meanwhile = "" }: Return,
) {
  const functions = NETWORK_PLACE_FUNCTIONS.replace("uptime + 20", `uptime + ${manager}`).replace(
    "by_hand + 60",
    `by_hand + ${byHand}`,
  );
  const script = `
mount -t sysfs none /sys || exit
${functions}
read_uptime() {
  read -r uptime idle < /proc/uptime
  uptime=\${uptime%%.*}
}
interfaces_of() {
  nics=
  for nic in eth7 eth9; do [ ! -e "/sys/class/net/$nic" ] || nics="$nics $nic"; done
}
# Not the ip of busybox, which lacks words.
ip() {
  ${IP} "$@"
}
ip link add eth7 type veth peer name far && ip link set far up
${before}
saved=$(save_network 0000:01:00.0)
ip link del eth7
comes_back() {
  ip link add ${name} type veth peer name far && ip link set far up
}
${late > 0 ? `{ sleep ${late}; comes_back; } &` : "comes_back"}
[ -n "$(missing_network "$saved")" ] || echo "nothing is missing"
${meanwhile}
restore_network "$saved" 2>&1
echo "restored: $?"`;
  return spawnSync("unshare", [...ENTER, program, ...options, "-c", script], { encoding: "utf8" });
}
