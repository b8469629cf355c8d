package templates

import "html/template"

// input is a field of a form with its label, its hint and its error. Templates
// build it in a pipeline and pass it to the shared template "input":
//
//	{{template "input" (input "name" "Display name" .Form.Name .Errors | hint "Up to 64 characters." | required)}}
type input struct {
	Name, Label, Value string // Name is also the id
	Error, Hint        string
	Type               string
	// Autocomplete is the value of the attribute. It is never "off": then browsers do not
	// restore what was typed when the user presses Back.
	Autocomplete string
	MaxLength    int
	Rows         int // of a textarea, which always has Code; 0 means a single line
	Required     bool
	Code         bool // shown in a monospaced font, always left to right
}

// DescribedBy returns the value of aria-describedby: the ids of the error and the hint.
func (i input) DescribedBy() string {
	switch {
	case i.Hint != "" && i.Error != "":
		return i.Name + "-error " + i.Name + "-hint"
	case i.Error != "":
		return i.Name + "-error"
	case i.Hint != "":
		return i.Name + "-hint"
	}
	return ""
}

// inputFunctions returns the functions that build an input.
func inputFunctions() template.FuncMap {
	return template.FuncMap{
		"input": func(name, label, value string, errors map[string]string) input {
			return input{Name: name, Label: label, Value: value, Error: errors[name], Type: "text", Autocomplete: "on"}
		},
		"hint":      func(text string, i input) input { i.Hint = text; return i },
		"kind":      func(kind string, i input) input { i.Type = kind; return i },
		"complete":  func(token string, i input) input { i.Autocomplete = token; return i },
		"maxLength": func(n int, i input) input { i.MaxLength = n; return i },
		"rows":      func(n int, i input) input { i.Rows = n; return i },
		"required":  func(i input) input { i.Required = true; return i },
		"needed":    func(needed bool, i input) input { i.Required = needed; return i },
		"code":      func(i input) input { i.Code = true; return i },
	}
}
