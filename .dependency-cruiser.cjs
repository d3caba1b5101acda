/** Imports go in one direction: pci <- boot <- facts <- plan <- toolstack <- resources; host/ is the only input and output. */
const only = (name, from, ...allowed) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { path: "^(sdk|provider|simulator|cli)/", pathNot: allowed },
});

module.exports = {
  forbidden: [
    only("pci-imports-nothing", "^provider/pci/", "^provider/pci/", "^provider/errors\\.ts$"),
    only("boot-imports-nouns", "^provider/boot/", "^provider/(pci|boot)/", "^provider/errors\\.ts$"),
    only(
      "facts-import-nouns",
      "^provider/facts/",
      "^provider/(pci|boot|facts)/",
      "^provider/(errors|shell|bytes)\\.ts$",
    ),
    only(
      "plan-imports-facts",
      "^provider/plan/",
      "^provider/(pci|boot|facts|plan)/",
      "^provider/(errors|shell|bytes)\\.ts$",
    ),
    only(
      "toolstack-imports-plan",
      "^provider/toolstack/",
      "^provider/(pci|boot|facts|plan|toolstack)/",
      "^provider/(errors|shell|bytes)\\.ts$",
    ),
    only("host-imports-nothing-above", "^provider/host/", "^provider/host/", "^provider/(errors|shell|bytes)\\.ts$"),
    only("resources-import-provider", "^provider/resources/", "^provider/"),
    {
      name: "sdk-loads-only-pulumi",
      severity: "error",
      // getPciDevices asks hosts in the program's own process, and loads what it takes when it is called.
      from: { path: "^sdk/", pathNot: "^sdk/get-pci-devices\\.ts$" },
      to: { path: "^(provider|simulator|cli)/", dependencyTypesNot: ["type-only"] },
    },
    only(
      "get-pci-devices-loads-one-query",
      "^sdk/get-pci-devices\\.ts$",
      "^sdk/",
      "^provider/resources/query-pci-devices\\.ts$",
      "^provider/plan/pci-device-info\\.ts$",
    ),
    only("simulator-stands-alone", "^simulator/", "^simulator/", "^provider/pci/"),
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "only-host-and-simulator-use-sockets",
      severity: "error",
      from: { path: "^(sdk|provider|cli)/", pathNot: "^provider/host/" },
      to: { path: "^(node_modules/(ssh2|ssh-config)/|net$|node:net$|child_process$)" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
