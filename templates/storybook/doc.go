// Command storybook serves every page in every state with canned data, for
// whoever works on them (make pages):
//
//	browser ── /               the list of states
//	        ── /page/{name}    the page, as the gateway would send it
//	        ── /static/…       its stylesheets and scripts
//
// Links and forms of the pages lead nowhere: there is no gateway behind them.
// The templates are embedded, so start it again after a change.
package main
