package server

import "net/http"

// cors lets pages of other origins call the routes whose policy allows it: what a
// public client in a browser needs (Fetch standard §3.2). It never allows cookies with
// such a request, so a page of another origin reads nothing that depends on a cookie.
func (s *site) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := exchangeOf(r).policy.CORS
		if method == "" {
			next.ServeHTTP(w, r)
			return
		}
		// The answer is the same for every origin, because a cache may keep it for another one.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After, WWW-Authenticate, X-Request-ID")
		if r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Methods", method)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, MCP-Protocol-Version, X-Requested-With")
		w.Header().Set("Access-Control-Max-Age", "7200")
		w.WriteHeader(http.StatusNoContent)
	})
}
