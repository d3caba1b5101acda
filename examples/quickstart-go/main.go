package main

import (
	"example.com/pulumi-pci-passthrough/sdk/go/pcipassthrough"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		// The name of one of pci-passthrough:hosts, or an address.
		host := pulumi.String(settings.Require("host"))
		device := pulumi.String(settings.Require("device"))

		// To keep the host's own driver away from the device from the next boot on, too:
		// pcipassthrough.NewHiddenPciDevice(ctx, "hidden", &pcipassthrough.HiddenPciDeviceArgs{Host: host, Device: device})

		assignable, err := pcipassthrough.NewAssignableDevice(ctx, "assignable", &pcipassthrough.AssignableDeviceArgs{
			Host:   host,
			Device: device,
		})
		if err != nil {
			return err
		}
		attachment, err := pcipassthrough.NewVmPciAttachment(ctx, "attachment", &pcipassthrough.VmPciAttachmentArgs{
			Host:   host,
			Device: assignable.Device,
			Vm:     pulumi.String(settings.Require("vm")),
		})
		if err != nil {
			return err
		}

		ctx.Export("functions", assignable.Functions)
		ctx.Export("pending", attachment.Pending)
		return nil
	})
}
