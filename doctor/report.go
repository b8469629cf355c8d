package doctor

import (
	"fmt"
	"slices"
)

// Level says how much a finding matters.
type Level string

// The levels of findings.
const (
	OK      Level = "ok"      // the rule is met, or does not apply
	Warning Level = "warning" // some clients or users have a problem
	Error   Level = "error"   // a client that follows the specification fails, or an attack works
)

// Rule is one condition that a server or a configuration must meet.
type Rule struct {
	ID        string // does not change
	Level     Level  // of a finding that says that the rule is broken
	Reference string // the section of a specification, or the page of the documentation
	Change    string // a sentence that says what to change
}

// Finding says whether one rule is met.
type Finding struct {
	Level     Level  `json:"level"`
	ID        string `json:"id"`        // of the rule
	Found     string `json:"found"`     // a sentence
	Change    string `json:"change"`    // a sentence; "" if the level is OK
	Reference string `json:"reference"` // of the rule
}

// Summary counts the findings of each level.
type Summary struct {
	OK       int `json:"ok"`
	Warnings int `json:"warnings"`
	Errors   int `json:"errors"`
}

// Report is the result of all checks. Its JSON form only ever gets more members.
type Report struct {
	Target   string    `json:"target"` // what was checked
	Findings []Finding `json:"findings"`
	Summary  Summary   `json:"summary"`
}

// Checklist collects findings about a list of rules.
type Checklist struct {
	rules    []Rule
	findings []Finding
}

// NewChecklist returns an empty checklist of rules.
func NewChecklist(rules []Rule) *Checklist { return &Checklist{rules: rules} }

// Met adds the finding that a rule is met, with a sentence that says what was found.
func (c *Checklist) Met(id, format string, args ...any) {
	rule := c.rule(id)
	c.findings = append(c.findings, Finding{Level: OK, ID: id, Found: fmt.Sprintf(format, args...), Reference: rule.Reference})
}

// Broken adds the finding that a rule is broken, with a sentence that says what was found.
func (c *Checklist) Broken(id, format string, args ...any) {
	rule := c.rule(id)
	c.findings = append(c.findings, Finding{Level: rule.Level, ID: id, Found: fmt.Sprintf(format, args...), Change: rule.Change, Reference: rule.Reference})
}

// IsBroken reports whether a finding says that one of the rules is broken.
func (c *Checklist) IsBroken(ids ...string) bool {
	return slices.ContainsFunc(c.findings, func(f Finding) bool { return f.Level != OK && slices.Contains(ids, f.ID) })
}

// rule returns a rule of the list. The ids are constants of the program, so a missing rule
// is a mistake in the program.
func (c *Checklist) rule(id string) Rule {
	i := slices.IndexFunc(c.rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		panic("doctor: the rule " + id + " is not in the list")
	}
	return c.rules[i]
}

// Report returns the findings in the order in which they were added.
func (c *Checklist) Report(target string) Report {
	r := Report{Target: target, Findings: append([]Finding{}, c.findings...)}
	for _, f := range c.findings {
		switch f.Level {
		case OK:
			r.Summary.OK++
		case Warning:
			r.Summary.Warnings++
		case Error:
			r.Summary.Errors++
		}
	}
	return r
}
