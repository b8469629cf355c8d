package provider

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// takeRequestObject takes state and response_mode from a request object (OpenID Connect
// Core §6.1), if the request itself does not have them. Gatehouse does not support request
// objects and refuses every one, but a client that puts its state into the object finds
// that error only if the response has the state. The signature is not checked: the request
// itself could have the same values. Nothing else of the object is read.
func (r authorizationRequest) takeRequestObject(object string) authorizationRequest {
	parts := strings.Split(object, ".")
	if len(parts) != 3 {
		return r
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return r
	}
	var parameters struct {
		State        *string `json:"state"`
		ResponseMode string  `json:"response_mode"`
	}
	if err := json.Unmarshal(claims, &parameters); err != nil {
		return r
	}
	if !r.HasState && parameters.State != nil {
		r.State, r.HasState = *parameters.State, true
	}
	if r.ResponseMode == "" {
		r.ResponseMode = parameters.ResponseMode
	}
	return r
}
