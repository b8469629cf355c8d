package web

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
)

// HandlerFunc is an HTTP handler that returns an error instead of writing it. If it
// returns an error, it must not have written anything.
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

// NewAppError returns the body for an error and a request.
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

// WriteJSON answers with v. It returns an error if v cannot be encoded, and has then
// written nothing. The content type has no charset, because the contract's own client
// parses a body only if the type is exactly application/json (C 7).
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // An error means that the connection is closed, so it cannot be reported.
	return nil
}

// WriteStatusOK answers as the contract does if a call returns nothing.
func WriteStatusOK(w http.ResponseWriter) error {
	return WriteJSON(w, http.StatusOK, map[string]string{"status": "OK"})
}

// DecodeJSON decodes the body into v. It returns InvalidBodyParam(name) if the body is
// not one JSON value or is null. It ignores unknown members (C 1.8).
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
