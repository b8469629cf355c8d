// Command storybook serves every page in every state with fixed data, for work on
// the pages (make pages):
//
//	browser ── /               the list of states
//	        ── /page/{name}    the page, as the gateway sends it
//	        ── /static/…       its stylesheets and scripts
//
// Links and forms of the pages do not work, because there is no gateway behind them.
// The templates are embedded. Restart the command after a change.
package main
