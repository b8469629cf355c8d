package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// variable is one environment variable. An empty variable counts as unset and takes
// the fallback, unless notBlank is set. A secret can be given in a file: the variable NAME_FILE names it.
type variable struct {
	name, fallback, doc string
	secret              bool
	// notBlank is the problem of a variable that is set, but to nothing or to spaces. It is
	// for variables whose default is less strict than every value.
	notBlank string
	// parse stores a value. If it is not valid, problem is a sentence for the operator
	// that says what is wrong and what is right.
	parse func(value string) (problem string)
}

// problems has a sentence for each variable that is not valid.
type problems map[string]string

// add adds a problem. If the variable has one already, it keeps that one.
func (p problems) add(variable, format string, args ...any) {
	if _, ok := p[variable]; !ok {
		p[variable] = fmt.Sprintf(format, args...)
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &configError{p}
}

// configError lists every variable that is not valid.
type configError struct{ problems problems }

func (e *configError) Error() string {
	var lines []string
	for variable, problem := range e.problems {
		lines = append(lines, variable+": "+problem)
	}
	if len(lines) == 1 {
		return lines[0]
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d environment variables are not valid:\n  %s", len(lines), strings.Join(lines, "\n  "))
}

// fromKubernetes matches the variables that Kubernetes sets in every container if a
// service is called gatehouse.
var fromKubernetes = regexp.MustCompile(`^GATEHOUSE_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)$`)

// readVariables reads the variables, and the files that they name, from the
// environment. A variable that starts with GATEHOUSE_ and is not in the list is a problem.
func readVariables(environ []string, list []variable, problems problems) {
	values := map[string]string{}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "GATEHOUSE_") && !fromKubernetes.MatchString(name) {
			values[name] = value
		}
	}
	for _, v := range list {
		value, isSet := values[v.name]
		delete(values, v.name)
		if isSet && v.notBlank != "" && strings.TrimSpace(value) == "" {
			problems.add(v.name, "%s", v.notBlank)
			continue
		}
		if v.secret {
			value = readSecretVariable(v.name, value, values[v.name+"_FILE"], problems)
			delete(values, v.name+"_FILE")
		}
		if value == "" {
			value = v.fallback
		}
		if value != "" {
			if problem := v.parse(value); problem != "" {
				problems.add(v.name, "%s", problem)
			}
		}
	}
	for name := range values {
		if near := nearest(name, list); near != "" {
			problems.add(name, "This variable does not exist. Did you mean %s?", near)
		} else {
			problems.add(name, "This variable does not exist. `gatehouse help environment` lists all variables.")
		}
	}
}

// readSecretVariable returns the value of a variable, or of the file that NAME_FILE names.
func readSecretVariable(name, value, file string, problems problems) string {
	if file == "" {
		return value
	}
	if value != "" {
		problems.add(name+"_FILE", "The variable %s is set as well. Set only one of the two.", name)
		return value
	}
	content, err := os.ReadFile(file)
	if content = bytes.TrimRight(content, "\r\n"); err != nil {
		problems.add(name+"_FILE", "The file cannot be read: %v.", err)
	} else if len(content) == 0 {
		problems.add(name+"_FILE", "The file %q is empty.", file)
	}
	return string(content)
}

// nearest returns the variable whose name is most similar to a mistyped one, or "".
func nearest(name string, list []variable) string {
	best, distance := "", 6
	for _, v := range list {
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
	return best
}

// editDistance returns the Levenshtein distance: the number of bytes to insert,
// delete or change.
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

// environmentTopic is `gatehouse help environment`.
func environmentTopic() *cobra.Command {
	return &cobra.Command{Use: "environment", Short: "The environment variables that configure the gateway", Long: environmentText()}
}

// environmentText describes every variable.
func environmentText() string {
	var b strings.Builder
	b.WriteString(`Environment variables configure Gatehouse. An empty variable counts as unset. If a
variable is not valid, the gateway does not start and lists every problem.
`)
	for _, v := range new(config).variables() {
		b.WriteString("\n" + v.name)
		if v.fallback != "" {
			b.WriteString("  (default " + v.fallback + ")")
		}
		b.WriteString("\n")
		doc := v.doc
		if v.secret {
			doc += fmt.Sprintf(" To read it from a file, set %s_FILE to the path of the file.", v.name)
		}
		for _, line := range wrap(doc, 74) {
			b.WriteString("    " + line + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// wrap breaks a text into lines of at most width bytes.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
