import { bootLab } from "../lab/lab-host";
import { pulumiRun } from "./pulumi-run";
import { deployPythonProgram } from "./python-program";

pulumiRun(() => bootLab({ mode: "xen" }), {
  timeoutMs: 30 * 60_000,
  more: { "a program in Python is deployed by the plugin, and gives everything back": deployPythonProgram },
});
