package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// variable is what is known about one variable without its value.
type variable struct {
	name, fallback, doc string
	secret              bool
}

// variables lists them in the order of the struct.
func variables() []variable {
	var list []variable
	t := reflect.TypeFor[environment]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		list = append(list, variable{name: tag.Get("env"), fallback: tag.Get("envDefault"), doc: tag.Get("doc"), secret: tag.Get("secret") == "true"})
	}
	return list
}

// fromKubernetes matches what Kubernetes sets in every container when there is a
// service called gatehouse.
var fromKubernetes = regexp.MustCompile(`^GATEHOUSE_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)$`)

// readEnvironment takes our variables out of the environment, reads the files
// that they name, and complains about those that there are not.
func readEnvironment(environ []string, p *problems) environment {
	known := map[string]bool{} // by name: has a _FILE variant
	for _, v := range variables() {
		known[v.name] = v.secret
	}
	values, files := map[string]string{}, map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "GATEHOUSE_") || fromKubernetes.MatchString(name) {
			continue
		}
		base, isFile := strings.CutSuffix(name, "_FILE")
		switch _, ok := known[name]; {
		case ok && value != "":
			values[name] = value
		case ok:
		case isFile && known[base]:
			if value != "" {
				files[base] = value
			}
		default:
			p.add(name, "is no variable of Gatehouse.%s", didYouMean(name))
		}
	}
	for name, path := range files {
		if values[name] != "" {
			p.add(name+"_FILE", "is set together with %s; set one of the two.", name)
			continue
		}
		content, err := os.ReadFile(path)
		switch content = bytes.TrimRight(content, "\r\n"); {
		case err != nil:
			p.add(name+"_FILE", "names a file that cannot be read: %v.", err)
		case len(content) == 0:
			p.add(name+"_FILE", "names a file that is empty: %s.", path)
		default:
			values[name] = string(content)
		}
	}
	var e environment
	if err := env.ParseWithOptions(&e, env.Options{Environment: values}); err != nil {
		p.list = append(p.list, err.Error()) // Every field is a string, so nothing should be left to go wrong here.
	}
	return e
}

func didYouMean(name string) string {
	best, distance := "", 6
	for _, v := range variables() {
		candidates := []string{v.name}
		if v.secret {
			candidates = append(candidates, v.name+"_FILE")
		}
		for _, candidate := range candidates {
			if d := editDistance(name, candidate); d < distance {
				best, distance = candidate, d
			}
		}
	}
	if best == "" {
		return " `gatehouse help environment` lists them all."
	}
	return " Did you mean " + best + "?"
}

// editDistance is Levenshtein's: how many bytes to insert, delete or change.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// problems collects what is wrong with the environment.
type problems struct{ list []string }

func (p *problems) add(variable, format string, args ...any) {
	p.list = append(p.list, variable+" "+fmt.Sprintf(format, args...))
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.Sort(p.list)
	return &configError{p.list}
}

// configError lists every variable that is wrong, and what would be right.
type configError struct{ problems []string }

func (e *configError) Error() string {
	if len(e.problems) == 1 {
		return e.problems[0]
	}
	return fmt.Sprintf("%d variables are wrong:\n  %s", len(e.problems), strings.Join(e.problems, "\n  "))
}
