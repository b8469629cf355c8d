package main

import (
	"math"
	"strings"
)

// minSecretBits is how many bits of information a secret needs at least, by the estimate
// of secretBits. A random secret of 32 hexadecimal digits has 128, of which the
// estimate found more than 77 in all but a few of millions.
const minSecretBits = 72

// weakSecret is the sentence about a secret that can be guessed. An attacker who
// knows the secret can make codes and tokens.
const weakSecret = "The secret is easy to guess: it is a placeholder, or it repeats itself. Create a random one with: openssl rand -base64 48"

// placeholderWords are the words of secrets that were never replaced. A word counts
// nothing for the strength of a secret that contains it.
func placeholderWords() []string {
	return []string{
		"placeholder", "gatehouse", "something", "qwertyuiop", "asdfghjkl", "zxcvbnm", "changeit", "insecure", "password", "passw0rd", "letmein", "qwerty",
		"replace", "default", "example", "private", "minimum", "change", "please", "secret", "s3cret", "random", "string", "session", "oauth", "admin", "value",
		"token", "super", "bytes", "chars", "least", "must", "your", "test", "todo", "byte", "key",
	}
}

// isWeakSecret reports whether a secret is a placeholder, a repeated pattern or a
// sequence, although it is long enough.
func isWeakSecret(secret string) bool { return secretBits(secret) < minSecretBits }

// secretBits estimates the information of a secret in bits. It removes the words of
// placeholders, the parts that continue a sequence ("aaa", "abc", "321"), and the parts
// that occurred before; the rest counts with its own frequencies of characters (Shannon).
// It cannot recognize every weak secret.
func secretBits(secret string) float64 {
	rest := secret
	for _, word := range placeholderWords() {
		for {
			i := strings.Index(strings.ToLower(rest), word)
			if i < 0 || i+len(word) > len(rest) {
				break
			}
			rest = rest[:i] + "\x00" + rest[i+len(word):] // the gap keeps new words from forming
		}
	}
	rest = strings.ReplaceAll(rest, "\x00", "")
	const repeat = 4 // a shorter part occurs twice in random text too
	counts, n := map[byte]int{}, 0
	for i := 0; i < len(rest); {
		if i+repeat <= len(rest) && strings.Contains(rest[:i], rest[i:i+repeat]) {
			i += repeat
			continue
		}
		continues := false
		if i >= 2 {
			step, before := int(rest[i])-int(rest[i-1]), int(rest[i-1])-int(rest[i-2])
			continues = step == before && step >= -1 && step <= 1
		}
		if !continues {
			counts[rest[i]]++
			n++
		}
		i++
	}
	bits := 0.0
	for _, c := range counts {
		bits -= float64(c) * math.Log2(float64(c)/float64(n))
	}
	return bits
}
