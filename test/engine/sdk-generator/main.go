// Command sdk-generator writes the SDK of a package schema, as `pulumi package gen-sdk` does with language hosts of today,
// or the program of the resources in a stack, as `pulumi import` does: language hosts that can be built from Go modules
// are older, and generate nothing.
//
//	sdk-generator SCHEMA LANGUAGE FOLDER
//	sdk-generator SCHEMA LANGUAGE FOLDER STACK-EXPORT
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// The schema refers to no other package.
type noPackages struct{ schema.ReferenceLoader }

func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func sdk(bound *schema.Package, language string) (map[string][]byte, error) {
	switch language {
	case "nodejs":
		return nodejs.GeneratePackage("sdk-generator", bound, nil, nil, false, noPackages{})
	case "python":
		return python.GeneratePackage("sdk-generator", bound, nil, noPackages{})
	case "go":
		return gogen.GeneratePackage("sdk-generator", bound, nil)
	}
	return nil, fmt.Errorf("no SDK can be generated for %q", language)
}

func generate(file, language, folder, export string) error {
	var spec schema.PackageSpec
	if err := readJSON(file, &spec); err != nil {
		return err
	}
	bound, diagnostics, err := schema.BindSpec(spec, noPackages{}, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	var files map[string][]byte
	if export == "" {
		files, err = sdk(bound, language)
	} else {
		files, err = program(bound, language, export)
	}
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	arguments := append(os.Args[1:], "")
	if len(os.Args) != 4 && len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: sdk-generator SCHEMA LANGUAGE FOLDER [STACK-EXPORT]")
		os.Exit(2)
	}
	if err := generate(arguments[0], arguments[1], arguments[2], arguments[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
