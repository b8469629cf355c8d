package provider

import (
	"context"

	"github.com/ory/fosite"
)

// presentedRules is the fosite handler that judges the presented code or refresh
// token by the rules of token_rules.go. It runs before fosite's own handlers, so
// that each broken rule has its own error id.
type presentedRules struct{ tokenRule }

var _ fosite.TokenEndpointHandler = presentedRules{}

// HandleTokenEndpointRequest returns the refusal of the first broken rule.
func (presentedRules) HandleTokenEndpointRequest(ctx context.Context, r fosite.AccessRequester) error {
	p, err := presentedOf(ctx)
	if err != nil {
		return err
	}
	var refusal *Refusal
	switch {
	case r.GetGrantTypes().ExactOne("authorization_code"):
		refusal = judgeCode(p)
	case r.GetGrantTypes().ExactOne("refresh_token"):
		refusal = judgeRefreshToken(p)
	}
	if refusal != nil {
		return refusal
	}
	return pass
}
