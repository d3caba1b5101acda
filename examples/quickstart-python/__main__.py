import pulumi
import pulumi_pci_passthrough as pci

config = pulumi.Config()
# The name of one of pci-passthrough:hosts, or an address.
host = config.require("host")
device = config.require("device")

# To keep the host's own driver away from the device from the next boot on, too:
# pci.HiddenPciDevice("hidden", host=host, device=device)

assignable = pci.AssignableDevice("assignable", host=host, device=device)
attachment = pci.VmPciAttachment("attachment", host=host, device=assignable.device, vm=config.require("vm"))

pulumi.export("functions", assignable.functions)
pulumi.export("pending", attachment.pending)
