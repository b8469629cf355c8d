package web

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
)

// HandlerFunc is an HTTP handler that returns what went wrong instead of writing it.
// It must not have written anything when it returns an error.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// JSON serves h and turns its errors into the contract's AppError body (C 1.1).
func JSON(log *slog.Logger, h HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Expires", "0")
		}
		if err := h(w, r); err != nil {
			WriteJSONError(w, r, log, err)
		}
	})
}

// AppError is the body of the contract's JSON errors (C 1.1).
type AppError struct {
	ID            string `json:"id"`
	Message       string `json:"message"`
	DetailedError string `json:"detailed_error"`
	RequestID     string `json:"request_id,omitempty"`
	StatusCode    int    `json:"status_code,omitempty"`
}

// NewAppError is the body for an error and request.
func NewAppError(r *http.Request, e *Error) AppError {
	return AppError{ID: e.ID, Message: e.Message, RequestID: RequestID(r.Context()), StatusCode: e.Status}
}

// WriteJSONError answers with the contract's AppError for err.
func WriteJSONError(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	e := Public(err)
	Log(r.Context(), log, e)
	SetRetryAfter(w, e)
	_ = WriteJSON(w, e.Status, NewAppError(r, e))
}

// WriteJSON answers with v. The content type carries no charset: the contract's
// own client parses a body only for exactly application/json (C 7).
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // The connection is gone if this fails; nobody is left to tell.
	return nil
}

// WriteStatusOK is the contract's answer of calls that return nothing.
func WriteStatusOK(w http.ResponseWriter) error {
	return WriteJSON(w, http.StatusOK, map[string]string{"status": "OK"})
}

// DecodeJSON reads the body into v. It refuses with InvalidBodyParam(name) what
// is not one JSON value, and the literal null. Unknown members are ignored (C 1.8).
func DecodeJSON(r *http.Request, name string, v any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return InvalidBodyParam(name)
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || string(raw) == "null" {
		return InvalidBodyParam(name)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return InvalidBodyParam(name)
	}
	return nil
}
