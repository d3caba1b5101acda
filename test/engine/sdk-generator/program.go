package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/pkg/v3/importer"
	pkgresource "github.com/pulumi/pulumi/pkg/v3/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// The one package that a program of ours refers to.
type onePackage struct {
	schema.ReferenceLoader
	bound *schema.Package
}

func (one onePackage) LoadPackageV2(context.Context, *schema.PackageDescriptor) (*schema.Package, error) {
	return one.bound, nil
}

func (one onePackage) LoadPackageReferenceV2(
	context.Context, *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return one.bound.Reference(), nil
}

// The program of the resources of the package in a stack, by the name of its file.
func program(bound *schema.Package, language, export string) (map[string][]byte, error) {
	var stack struct{ Deployment apitype.DeploymentV3 }
	if err := readJSON(export, &stack); err != nil {
		return nil, err
	}
	var all, ours []*pkgresource.State
	for _, found := range stack.Deployment.Resources {
		state := &pkgresource.State{
			Type:     found.Type,
			URN:      found.URN,
			Custom:   found.Custom,
			ID:       found.ID,
			Provider: found.Provider,
			Inputs:   resource.NewPropertyMapFromMap(found.Inputs),
			Outputs:  resource.NewPropertyMapFromMap(found.Outputs),
		}
		all = append(all, state)
		if strings.HasPrefix(string(found.Type), bound.Name+":") {
			ours = append(ours, state)
		}
	}
	var files map[string][]byte
	write := func(_ io.Writer, program *pcl.Program) error {
		var diagnostics hcl.Diagnostics
		var err error
		switch language {
		case "nodejs":
			files, diagnostics, err = nodejs.GenerateProgram(program)
		case "python":
			files, diagnostics, err = python.GenerateProgram(program)
		case "go":
			files, diagnostics, err = gogen.GenerateProgram(program)
		default:
			err = fmt.Errorf("no program can be generated for %q", language)
		}
		if err == nil && diagnostics.HasErrors() {
			err = diagnostics
		}
		return err
	}
	return files, importer.GenerateLanguageDefinitions(io.Discard, onePackage{bound: bound}, write, ours, all, nil)
}
